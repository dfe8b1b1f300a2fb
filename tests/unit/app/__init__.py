"""Tests of the modules of app."""
