"""Changing routines of the engine in a test's own database: to break a promise, or make an instant longer."""

from __future__ import annotations

from typing import Any, NamedTuple


class Change(NamedTuple):
    """A piece of a routine's source and what is put in its place, wherever it stands."""

    routine: str
    old: str
    new: str


BATCHES_OF_TEN = Change("async.choose_batch_size", "greatest(1, least(200,", "greatest(10, 0 * least(200,")
"""Ten tasks go in a message, whatever is known of how long they take …"""
FIRST_BATCH_TOO = Change("async.choose_batch_size", "RETURN 1;", "RETURN 10;")
"""… even when nothing is."""
PATIENT_BATCHES = Change("async.may_begin", "INTERVAL '300 ms'", "INTERVAL '300 s'")
"""A batch does not hand the rest back that soon."""


def rotate_after(tasks: int) -> tuple[Change, ...]:
    """A target's two receipt tables take turns after so many tasks."""
    due, sooner = "ring_tasks >= 50000", f"ring_tasks >= {tasks}"
    return (
        Change("async.count_towards_rotation", due, sooner),
        Change("async.build_exchange", due, sooner),
        Change("async.read_answer", "ring_tasks - 5000", f"ring_tasks - {tasks // 10}"),
    )


def change(db: Any, *changes: Change) -> None:
    """Make the changes in a database that has the routines; each piece must be there."""
    for routine, old, new in changes:
        source = db.value("SELECT pg_get_functiondef(%s::REGPROC)", (routine,))
        assert old in source, f"{routine} no longer has {old!r}: change this test with it"
        db.execute(source.replace(old, new))
