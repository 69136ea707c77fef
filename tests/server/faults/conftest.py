"""Faults are tried at instants that a printed seed draws, and counted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.consistency import checked_all_the_time
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


@pytest.fixture
def checked(db: Any) -> Iterator[None]:
    """Have flow.check_consistency() asked all the time while the test goes on."""
    with checked_all_the_time(db):
        yield
