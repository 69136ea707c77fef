"""Callbacks that leave something behind in their session: the next task there must not find it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.model import work
from tests.server.faults import scene, steps
from tests.support.faults import Faults
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

TRACES = """
CREATE TABLE work.seen(step TEXT, pid INT DEFAULT pg_backend_pid(), traces TEXT[]);
CREATE FUNCTION work.traces() RETURNS TEXT[] LANGUAGE sql AS $$
  /* What a fresh session of the engine would not have. */
  SELECT array_agg(trace ORDER BY trace) FROM (
    SELECT format('setting %s=%s', name, setting) FROM pg_settings WHERE source = 'session'
    UNION ALL
    SELECT 'own setting' WHERE current_setting('work.guc', true) <> ''
    UNION ALL
    SELECT 'isolation ' || level FROM current_setting('transaction_isolation') AS level
    WHERE level <> 'read committed'
    UNION ALL
    SELECT 'read only' WHERE current_setting('transaction_read_only') = 'on'
    UNION ALL
    SELECT 'deferrable' WHERE current_setting('transaction_deferrable') = 'on'
    UNION ALL
    SELECT 'role ' || current_user WHERE current_user <> 'postgres'
    UNION ALL
    SELECT 'session authorization ' || session_user WHERE session_user <> 'postgres'
    UNION ALL
    SELECT 'prepared statement ' || name FROM pg_prepared_statements WHERE from_sql
    UNION ALL
    SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
    UNION ALL
    SELECT 'channel ' || channel FROM pg_listening_channels() AS channel
    UNION ALL
    SELECT 'temporary ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
    UNION ALL
    SELECT 'lock ' || objid FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objid IN (4242, 4243)) AS traces(trace)
$$;
"""

LEAVE = """
DECLARE
  told JSONB := (_args).step_arguments;
  command TEXT;
BEGIN
  INSERT INTO work.seen(step, traces) VALUES (told ->> 'step', work.traces());
  CALL work.run(_args);
  FOR command IN SELECT e FROM jsonb_array_elements_text(told -> 'commands') AS e LOOP
    EXECUTE command;
  END LOOP;
  IF told ->> 'ending' LIKE '%commits' THEN
    COMMIT;
  END IF;
  IF told ->> 'ending' LIKE 'fails%' THEN
    RAISE EXCEPTION 'and a failure on top' USING ERRCODE = 'XX123';
  END IF;
END
"""

FLOOD = "DO $$BEGIN FOR n IN 1 .. 2000 LOOP RAISE NOTICE '% %', n, repeat('x', 1000); END LOOP; END$$"

LEFT: dict[str, list[str]] = {
    "setting": ["SET work_mem = '64kB'", "SET DateStyle = 'German'", "SET TimeZone = 'Asia/Tokyo'"],
    "local setting": ["SET LOCAL work_mem = '64kB'", "SELECT set_config('work.guc', 'y', true)"],
    "own setting": ["SELECT set_config('work.guc', 'x', false)"],
    "search path": ["SET search_path = nowhere", "SET check_function_bodies = off"],
    "our setting": ["SELECT set_config('pgflow.task', '1', false)"],
    "messages": ["SET client_min_messages = 'debug1'", FLOOD],
    "statement timeout": ["SET statement_timeout = '1ms'"],
    "lock timeout": ["SET lock_timeout = '1ms'"],
    "idle timeout": ["SET idle_in_transaction_session_timeout = '1ms'"],
    "isolation": ["SET default_transaction_isolation = 'serializable'"],
    "read only": ["SET default_transaction_read_only = on"],
    "deferrable": ["SET default_transaction_deferrable = on", "SET CONSTRAINTS ALL DEFERRED"],
    "replication": ["SET session_replication_role = replica", "SET row_security = off"],
    "asynchronous commit": ["SET synchronous_commit = off"],
    "role": ["SET ROLE {nobody}"],
    "session authorization": ["SET SESSION AUTHORIZATION {nobody}"],
    "temporary table": [
        "CREATE TEMP TABLE left_1(n INT)",
        "CREATE TEMP TABLE left_2(n INT) ON COMMIT DELETE ROWS",
        "CREATE TEMP TABLE left_3(n INT) ON COMMIT DROP",
        "CREATE TEMP VIEW left_4 AS SELECT 1",
        "CREATE TEMP SEQUENCE left_5",
        "CREATE FUNCTION pg_temp.left_6() RETURNS INT LANGUAGE sql AS 'SELECT 1'",
    ],
    "lock": ["SELECT pg_advisory_lock(4242)", "SELECT pg_advisory_lock_shared(4243)"],
    "prepared statement": ["PREPARE left_1 AS SELECT 1"],
    "cursor": ["DECLARE left_1 CURSOR WITH HOLD FOR SELECT generate_series(1, 1000)"],
    "channel": ["LISTEN left_1", "NOTIFY left_1, 'to nobody'"],
}
"""What is left behind, and by which commands."""

ENDINGS = ("returns", "fails", "commits", "fails, commits")


@pytest.fixture(params=["self", "client"])
def there(request: Any) -> str:
    """The target of the steps, on which one task runs at a time."""
    return f"narrow_{request.param}"


@pytest.fixture
def where(db: Any, client_db: Any, there: str) -> Any:
    """The database in which they run."""
    for name, place in {"self": db, "client": client_db}.items():
        scene.add_target(db, target=f"narrow_{name}", connection_string=place.conninfo, max_concurrency=1)
    chosen = steps.place(db, client_db, there.removeprefix("narrow_"))
    chosen.execute(TRACES)
    return chosen


@pytest.fixture
def nobody(where: Any) -> Iterator[str]:
    """A role that may do nothing."""
    role = sql.Identifier(f"{where.name}_nobody").as_string()
    where.execute(f"CREATE ROLE {role}")
    yield role
    where.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_next_task_finds_a_clean_session(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, nobody: str, ending: str
) -> None:
    """For each kind a step that leaves it behind, all in one session, each followed by two that look: none
    finds any of it, and none but the guilty fail."""
    guilty = {"read only"} if ending == "commits" else set(LEFT) if ending.startswith("fails") else set()
    told: list[dict[str, Any]] = []
    for left, commands in LEFT.items():
        leaving = [command.replace("{nobody}", nobody) for command in commands]
        told += [{"step": left, "commands": leaving, "ending": ending}]
        told += [{"step": f"{n} after {left}", "commands": []} for n in range(2)]
    work.procedure(where, "leave", LEAVE)
    flow_id = steps.start(db, "work.leave", told, there)
    assert wait_run(db, flow_id, 30) == "FINISHED"
    faults.hit("callback leaves something behind", len(LEFT))
    ended = steps.ended(db, flow_id)
    failed = {step: result.error for step, result in ended.items() if result.status != "FINISHED"}
    wrong = {step: failed.get(step) for step in failed.keys() ^ guilty}
    assert not wrong, f"failed, or should have: {wrong}"
    check_nothing_was_seen(where)
    assert all(result.attempts == 1 for result in ended.values()), "a step was tried again"
    sessions = where.value("SELECT count(DISTINCT pid)::INT FROM work.seen")
    assert sessions <= len(LEFT), "the steps did not share a session, so that they show nothing"
    undone = guilty if ending == "fails" else set()
    steps.check_once(where, flow_id, {step["step"] for step in told} - undone)
    scene.check_nothing_is_left(db, orchestrator, where)


DEFERRABLE = """
CALL work.run(_args);
SET default_transaction_isolation = 'serializable';
SET default_transaction_read_only = on;
SET default_transaction_deferrable = on;
COMMIT;
RAISE SQLSTATE 'XX123';
"""


def test_a_session_that_waits_for_its_snapshot_holds_nobody_up(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults
) -> None:
    """Whatever is asked of it next waits for another transaction to end: the engine does not, and knows that
    the step has failed."""
    work.procedure(where, "wait", DEFERRABLE)
    with where.connect(autocommit=False) as other:
        other.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        other.execute("SELECT count(*) FROM work.done")
        flow_id = steps.start(db, "work.wait", steps.numbered(1), there)
        until(lambda: steps.ended(db, flow_id), what="the step to end while the other transaction is open")
        faults.hit("callback leaves something behind")
        pushed = scene.push(db, "SELECT 1")
        until(lambda: scene.unresolved(db, [pushed]) == 0, what="a task to end meanwhile")
    ((_, ended),) = steps.ended(db, flow_id).items()
    assert (ended.status, ended.sqlstate, ended.attempts) == ("FAILED", "XX123", 1)
    assert wait_run(db, flow_id) == "FINISHED"
    scene.check_nothing_is_left(db, orchestrator, where)


def check_nothing_was_seen(where: Any) -> None:
    """No step found anything that another had left behind."""
    seen = dict(where.execute("SELECT step, traces FROM work.seen WHERE traces IS NOT NULL"))
    assert not seen, f"left behind: {seen}"


def test_the_next_task_finds_nothing_of_a_raw_one(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, nobody: str
) -> None:
    """Raw tasks each leave something behind, and are followed by a raw and by an ordinary one that look."""
    looking = "INSERT INTO work.seen(step, traces) VALUES ({step}, work.traces())"
    pushed = []
    for command in (command for commands in LEFT.values() for command in commands):
        leaving = command.replace("{nobody}", nobody)
        for raw, query in ((True, leaving), (True, looking), (True, leaving), (False, looking)):
            step = sql.Literal(f"{'raw' if raw else 'ordinary'} after {command}").as_string()
            pushed.append(scene.push(db, query.replace("{step}", step), there, raw=raw))
    until(lambda: scene.unresolved(db, pushed) == 0, what="the tasks to end")
    faults.hit("callback leaves something behind", sum(map(len, LEFT.values())))
    wrong = db.execute(
        "SELECT query, finish_status, processing_error FROM async.v_task WHERE finish_status <> 'FINISHED'"
    )
    assert not wrong, wrong
    assert where.value("SELECT count(*)::INT FROM work.seen") == len(pushed) / 2
    check_nothing_was_seen(where)
    scene.check_nothing_is_left(db, orchestrator, where)
