"""Tests of use cases, over real stores."""
