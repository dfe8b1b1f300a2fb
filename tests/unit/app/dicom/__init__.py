"""Tests of DICOM, with bytes alone."""
