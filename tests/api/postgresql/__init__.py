"""Tests of tests/api once more, on servers whose index is in PostgreSQL: the files name those that are taken over."""
