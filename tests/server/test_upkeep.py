"""What the orchestrator does for itself: receipts stay few, and an error of its own is survived."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.support.database import Database
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until

PUSH = """
SELECT count(*) FROM async.push_tasks(ARRAY(
  SELECT async.task('INSERT INTO did VALUES (' || n || ')', 'self') FROM generate_series(1, %s) n))
"""
TRIPWIRE = """
CREATE TABLE tripwire(cut BOOL);
INSERT INTO tripwire VALUES (true);
CREATE FUNCTION trip() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT t.cut FROM public.tripwire t) THEN
    RAISE EXCEPTION 'tripped';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trip BEFORE INSERT ON async.result FOR EACH ROW EXECUTE FUNCTION trip();
"""
FAILURES = "SELECT count(*)::INT FROM async.log_entry WHERE message LIKE 'cycle failed: tripped%'"
DONE = "SELECT count(*)::INT, count(DISTINCT n)::INT FROM did"


@contextmanager
def failing(db: Database) -> Iterator[None]:
    """Have every cycle that records a result fail."""
    db.execute(TRIPWIRE)
    yield
    db.execute("UPDATE tripwire SET cut = false")


def test_a_failing_cycle_is_survived(db: Database, orchestrator: Orchestrator) -> None:
    """The failure is logged, and what it undid is done again: no task is lost, none runs twice."""
    db.execute("CREATE TABLE did(n INT)")
    with failing(db):
        db.execute(PUSH, [50])
        until(lambda: db.value(FAILURES) >= 2, what="two cycles to have failed")
    until(lambda: db.value("SELECT count(*) FROM async.result") == 50, what="all tasks to end")
    assert db.execute(DONE) == [(50, 50)]
    assert orchestrator.is_running()


@pytest.mark.long
def test_receipts_do_not_pile_up(db: Database, orchestrator: Orchestrator) -> None:
    """The two tables take turns and are emptied: after some hundred thousand tasks, receipts are fewer."""
    db.execute("CREATE TABLE did(n INT)")
    kept = "SELECT (SELECT count(*) FROM async.receipt_0) + (SELECT count(*) FROM async.receipt_1)"

    def have_ended(number: int) -> bool:
        return bool(db.value("SELECT count(*) FROM async.result") == number)

    tasks = 0
    while db.value(kept) == tasks:
        assert tasks < 500_000, "no receipt has ever been removed"
        db.execute(PUSH, [40_000])
        tasks += 40_000
        until(partial(have_ended, tasks), timeout=120, what=f"{tasks} tasks to end")
    assert db.value("SELECT count(*) FROM did") == tasks
