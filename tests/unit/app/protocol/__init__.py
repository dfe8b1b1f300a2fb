"""Tests of HTTP syntax."""
