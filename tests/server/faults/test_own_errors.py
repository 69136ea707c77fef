"""The orchestrator's own statements fail for a while, through nobody's fault: nothing that it was about to do
is given up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.faults import scenarios, steps
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator

pytestmark = pytest.mark.long


@pytest.mark.parametrize("target", ["self", "client"])
@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("flow.chunk", "53300"),
        ("flow.node_state", "53200"),
        ("flow.run_state", "40P01"),
        ("async.task", "58030"),
        ("async.result", "55P03"),
    ],
)
def test_nothing_is_given_up(
    db: Any, client_db: Any, faults: Faults, table: str, code: str, target: str
) -> None:
    """It wants connections or memory, deadlocks, cannot write, or waits too long for a lock."""
    where = steps.place(db, client_db, target)
    stage = scenarios.Stage(db, where, target, Orchestrator(db), faults)
    scenarios.statements_of_the_orchestrator_fail(stage, table, code)
