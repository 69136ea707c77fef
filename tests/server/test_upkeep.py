"""What the orchestrator does for itself: receipts stay few, and an error of its own is survived."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from psycopg.types.json import Jsonb

from tests.model import work
from tests.support.database import Database
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

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


def test_an_old_run_leaves_nothing(db: Database, orchestrator: Orchestrator) -> None:
    """Once it is older than task_keep_duration: nor do steps that were pushed to a node that never began."""
    work.prepare(db)
    work.procedure(db, "fail", "RAISE EXCEPTION 'no';")
    a = {"node": "a", "target": "self", "routine": "work.fail"}
    b = {"node": "b", "target": "self", "routine": "work.run", "dependencies": [{"parent": "a"}]}
    work.configure(db, "f", {"nodes": [a, b]})
    with db.connect() as session, session.transaction():
        run = session.execute("SELECT flow.run_flow('f', '{}')").fetchone()
        assert run is not None
        session.execute("CALL flow.push_steps(%s, 'b', ARRAY['1', '2']::JSONB[])", run)
    assert wait_run(db, *run) == "FAILED"
    forgetful = {"task_keep_duration": "0 s", "light_maintenance_sleep": "50 ms"}
    db.execute("SELECT async.configure(%s)", [Jsonb({"control": forgetful})])
    orchestrator.stop()
    orchestrator.start()
    tables = db.execute(
        """SELECT attrelid::REGCLASS::TEXT FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE attname = 'flow_id' AND c.relkind = 'r' AND c.relnamespace = 'flow'::REGNAMESPACE"""
    )
    assert len(tables) > 5
    for (table,) in tables:
        until(
            partial(db.value, f"SELECT count(*) = 0 FROM {table} WHERE flow_id = {run[0]}"),
            timeout=60,
            what=f"{table} to be rid of the run",
        )


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


@pytest.mark.timeout(60)
def test_a_watch_that_ends_early_holds_nothing_up(db: Database) -> None:
    """Where dblink has no time limit, another session watches over each connection being made. Ending the
    watch takes no longer for the watch being long, though that session may not have begun it yet."""
    for _ in range(50):
        db.execute("DO $$ BEGIN PERFORM async.start_watchdog(600); PERFORM async.stop_watchdog(); END $$")
    watching = """SELECT count(*)::INT FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'pgflow watchdog'
                    AND state = 'active'"""
    until(lambda: db.value(watching) == 0, what="nobody watches any more")
    db.execute("SELECT async.hang_up_all()")
