"""Waiting for what happens in the background, with a useful word when it does not."""

import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from tests.support.promises import StuckError

ENDED = ("FINISHED", "FAILED", "CANCELED")
"""States of a run that has ended."""

T = TypeVar("T")


class Queried(Protocol):
    """A database that answers queries."""

    def execute(self, query: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Return the rows of ``query``."""
        ...


def until(
    predicate: Callable[[], T], timeout: float = 30, what: str = "the condition holds", pause: float = 0.02
) -> T:
    """Ask ``predicate`` until it gives something true, and return that.

    It is asked again after a tenth of the time that has passed, at most after ``pause`` seconds.

    Raises StuckError that names ``what`` after ``timeout`` seconds.
    """
    began = time.monotonic()
    while True:
        found = predicate()
        if found:
            return found
        passed = time.monotonic() - began
        if passed > timeout:
            raise StuckError(f"waited {timeout:g} s in vain until {what}")
        time.sleep(min(pause, 0.001 + passed / 10))


def wait_run(db: Queried, flow_id: int, timeout: float = 30) -> str:
    """Wait until the run has ended and return its state: FINISHED, FAILED or CANCELED.

    Raises StuckError with the states of its nodes after ``timeout`` seconds.
    """

    def ended() -> str | None:
        state = run_state(db, flow_id)
        return state if state in ENDED else None

    try:
        return until(ended, timeout, f"run {flow_id} has ended", pause=0.05) or ""
    except StuckError as error:
        raise StuckError(f"{error}\n{describe_run(db, flow_id)}") from None


def run_state(db: Queried, flow_id: int) -> str | None:
    """Return the state of the run, None when there is no such run."""
    rows = db.execute("SELECT state FROM flow.v_flow_status WHERE flow_id = %s", [flow_id])
    return rows[0][0] if rows else None


def describe_run(db: Queried, flow_id: int) -> str:
    """Return the run, its nodes and the orchestrators there are, as text for a failed test."""
    parts = [
        _table(
            db,
            "run",
            "SELECT flow, state, count_nodes, count_finished_nodes, count_failed_nodes, first_error"
            " FROM flow.v_flow_status WHERE flow_id = %s",
            [flow_id],
        ),
        _table(
            db,
            "nodes",
            "SELECT node, target, state, steps, steps_pending, steps_running, steps_finished, steps_failed"
            " FROM flow.v_flow_node_status WHERE flow_id = %s ORDER BY node LIMIT 200",
            [flow_id],
        ),
        _table(
            db,
            "orchestrators",
            "SELECT pid, state, wait_event_type, wait_event FROM pg_stat_activity"
            " WHERE datname = current_database() AND query ILIKE 'CALL async.main%%'",
            [],
        ),
    ]
    return "\n".join(parts)


def _table(db: Queried, title: str, query: str, params: list[Any]) -> str:
    rows = [" | ".join(str(value) for value in row) for row in db.execute(query, params)]
    return "\n    ".join([f"{title}:", *(rows or ["none"])])
