"""Faults are tried at instants that a printed seed draws, and counted."""

from __future__ import annotations

import random

import pytest

from tests.support.faults import SEED, Faults, random_of, record


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random instants; PGFLOW_SEED repeats those of an earlier run (as far as time can be repeated)."""
    print(f"PGFLOW_SEED={request.config.stash[SEED]}")
    return random_of(request.node)


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Faults:
    """Where the test notes each fault that has happened: ``faults.hit("session terminated", 3)``."""
    return record(request.node)
