"""What is refused so far."""

from __future__ import annotations

import psycopg
import pytest

later = pytest.mark.xfail(
    strict=True,
    raises=(
        psycopg.errors.FeatureNotSupported,
        psycopg.errors.UndefinedFunction,
        psycopg.errors.UndefinedTable,
    ),
    reason="not in this version",
)
"""For a test of what SQL still refuses with a clear error; it fails as soon as that is there, and then
loses its mark."""
