"""Faults at instants that gates hold fast, on the engine as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.faults import steps
from tests.server.faults.scenarios import SCENARIOS, Scenario, Stage
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator

pytestmark = pytest.mark.long


@pytest.mark.parametrize("target", ["self", "client"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.__name__ for scenario in SCENARIOS])
def test_scenario(db: Any, client_db: Any, faults: Faults, scenario: Scenario, target: str) -> None:
    where = steps.place(db, client_db, target)
    scenario(Stage(db, where, target, Orchestrator(db), faults))
