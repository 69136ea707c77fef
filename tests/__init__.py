"""Tests of pgflow."""
