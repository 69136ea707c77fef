"""A test of the tests: engines that are broken on purpose make them fail, each in the way that tells.

The engine is changed in the test's own databases. The same scenarios pass on the engine as it is:
test_scenarios.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.server.faults import sabotage, scenarios, steps
from tests.server.faults.sabotage import Change
from tests.server.faults.scenarios import Scenario, Stage
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.promises import (
    BrokenPromiseError,
    DoubledError,
    InconsistentError,
    LostError,
    StuckError,
)

pytestmark = [pytest.mark.long, pytest.mark.inconsistent]

NOT_ENDED = "waited 5 s in vain until run [0-9]+ has ended"
TWICE = "took effect more than once"


RUN_AGAIN = """
  PERFORM async.put_back(b.lane_id, b.task_ids) FROM async.batch b;
  DELETE FROM async.batch;
"""


@dataclass
class Broken:
    """An engine that is broken, what shows it, and how."""

    name: str
    scenario: Scenario
    error: type[BrokenPromiseError]
    match: str
    on_server: tuple[Change, ...] = ()
    on_target: tuple[Change, ...] = ()


ENGINES = [
    Broken(
        "revocations are not written",
        scenarios.a_session_is_ended_in_mid_task,
        StuckError,
        NOT_ENDED,
        on_target=(
            Change(
                "async.revoke", "FROM unnest(_task_ids) u(task_id)", "FROM unnest(_task_ids[1:0]) u(task_id)"
            ),
        ),
    ),
    Broken(
        "revocations do not bind",
        scenarios.a_callback_ignores_that_its_time_is_up,
        DoubledError,
        TWICE,
        on_target=(
            Change(
                "async.end_task",
                "_started, now);",
                "_started, now) ON CONFLICT DO NOTHING;",
            ),
        ),
    ),
    Broken(
        "receipts are written after the commit",
        scenarios.a_session_is_ended_at_its_receipt,
        DoubledError,
        TWICE,
        on_server=(
            Change(
                "async.build_message",
                "' RESET SESSION AUTHORIZATION; RESET ROLE; '",
                "' COMMIT; RESET SESSION AUTHORIZATION; RESET ROLE; '",
            ),
        ),
    ),
    Broken(
        "recovery is skipped",
        scenarios.callbacks_outlive_the_orchestrator,
        StuckError,
        NOT_ENDED,
        on_server=(
            Change(
                "async.recover",
                "FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id",
                "FROM async.batch b JOIN async.lane l ON false",
            ),
        ),
    ),
    Broken(
        "live sessions are not adopted but their tasks run again",
        scenarios.callbacks_outlive_the_orchestrator,
        DoubledError,
        TWICE,
        on_server=(
            Change(
                "async.recover",
                "BEGIN\n",
                f"BEGIN\n{RUN_AGAIN}",
            ),
        ),
    ),
    Broken(
        "steps that end together are counted as one",
        scenarios.callbacks_end_while_there_is_no_orchestrator,
        StuckError,
        NOT_ENDED,
        on_server=(Change("flow.count_steps", "s.unfinished - t.ended", "s.unfinished - least(t.ended, 1)"),),
    ),
    Broken(
        "steps are counted twice",
        scenarios.the_orchestrator_is_replaced_between_two_steps,
        InconsistentError,
        "step_counter",
        on_server=(Change("flow.count_steps", "s.unfinished - t.ended", "s.unfinished - 2 * t.ended"),),
    ),
    Broken(
        "requests are given up for want of room",
        scenarios.the_orchestrator_has_no_room,
        LostError,
        "never took effect",
        on_server=(Change("async.is_passing", "IN ('40', '53')", "IN ('none')"),),
    ),
    Broken(
        "sessions begin tasks while these are being taken back",
        scenarios.what_waits_behind_a_slow_step_is_taken_back,
        DoubledError,
        TWICE,
        on_target=(
            Change("async.may_begin", "PERFORM pg_advisory_lock_shared(", "PERFORM concat("),
            Change("async.may_begin", "PERFORM pg_advisory_unlock_shared(", "PERFORM concat("),
        ),
    ),
]


@pytest.fixture
def idle_orchestrator(db: Any) -> Iterator[Orchestrator]:
    """One that the test starts; a broken engine may not end it."""
    orchestrator = Orchestrator(db)
    yield orchestrator
    if orchestrator.is_running():
        orchestrator.terminate()


@pytest.mark.parametrize("target", ["self", "client"])
@pytest.mark.parametrize("broken", ENGINES, ids=[broken.name.replace(" ", "_") for broken in ENGINES])
def test_a_broken_engine_fails(
    db: Any, client_db: Any, idle_orchestrator: Orchestrator, broken: Broken, target: str
) -> None:
    where = steps.place(db, client_db, target)
    sabotage.change(db, *broken.on_server)
    sabotage.change(where, *broken.on_target)
    with pytest.raises(broken.error, match=broken.match) as failure:
        broken.scenario(Stage(db, where, target, idle_orchestrator, Faults(), patience=5))
    print(type(failure.value).__name__, failure.value)
