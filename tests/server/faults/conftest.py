"""Faults are tried on the lowest and the highest of the chosen majors, at instants that a printed seed
draws."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the majors in the middle."""
    faults = {item: _major(item) for item in items if HERE in item.path.parents}
    ordered = sorted(set(faults.values()), key=lambda major: int(major.partition("-")[0] or 0))
    out = [item for item, major in faults.items() if major in ordered[1:-1]]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def _major(item: pytest.Item) -> str:
    """The major on which the test runs."""
    return str(item.callspec.params.get("major", "")) if isinstance(item, pytest.Function) else ""


@pytest.fixture
def rng() -> random.Random:
    """Random instants; PGFLOW_SEED repeats those of an earlier run (as far as time can be repeated)."""
    seed = int(os.environ.get("PGFLOW_SEED") or random.SystemRandom().randrange(2**32))
    print(f"PGFLOW_SEED={seed}")
    return random.Random(seed)
