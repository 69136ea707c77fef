"""Faults are tried at instants that a printed seed draws."""

from __future__ import annotations

import os
import random

import pytest


@pytest.fixture
def rng() -> random.Random:
    """Random instants; PGFLOW_SEED repeats those of an earlier run (as far as time can be repeated)."""
    seed = int(os.environ.get("PGFLOW_SEED") or random.SystemRandom().randrange(2**32))
    print(f"PGFLOW_SEED={seed}")
    return random.Random(seed)
