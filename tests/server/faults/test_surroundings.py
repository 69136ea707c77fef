"""Roles with settings of their own, callbacks that leave things behind, transactions held open, pg_dump."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pgflow_build.servers import Server
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.model import work
from tests.server.faults import scene
from tests.support.faults import Faults
from tests.support.wait import wait_run

pytestmark = pytest.mark.long


@pytest.fixture
def role(db: Any) -> Iterator[str]:
    """A superuser whose sessions are repeatable read and end any statement after a second."""
    name = f"{db.name}_strict"
    quoted = sql.Identifier(name).as_string(None)
    db.execute(f"CREATE ROLE {quoted} LOGIN SUPERUSER")
    db.execute(f"ALTER ROLE {quoted} SET default_transaction_isolation = 'repeatable read'")
    for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        db.execute(f"ALTER ROLE {quoted} SET {setting} = '1s'")
    yield name
    db.execute(f"DROP ROLE {quoted}")


@pytest.mark.parametrize("where", ["self", "client"])
def test_a_role_with_timeouts_and_repeatable_read(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, role: str, where: str
) -> None:
    """A callback of two seconds finishes, short ones beside it too, and so does one that waits two
    seconds idle."""
    target_db = db if where == "self" else client_db
    scene.prepare(db, client_db)
    scene.add_target(db, target="strict", connection_string=make_conninfo(target_db.conninfo, user=role))
    work.procedure(
        target_db,
        "slow",
        """PERFORM pg_sleep(2); CALL work.run(_args); ASSERT session_user LIKE '%\\_strict';""",
    )
    kind = {"target": "strict", "routine": "work.slow"}
    work.configure(db, "slow", {"nodes": [{"node": f"n{n}"} | kind for n in range(3)]})
    slow = work.run(db, "slow")
    scene.check_run(db, scene.start(db, 1000, target="strict"), 1000, target_db)
    assert wait_run(db, slow, 60) == "FINISHED"
    assert work.count(target_db, slow) == 3
    faults.hit("hostile settings of a role")
    scene.check_nothing_is_left(db, orchestrator, client_db)


LEFT_BEHIND = """
CREATE FUNCTION work.left_behind() RETURNS TEXT LANGUAGE sql AS $$
  SELECT string_agg(trace, ', ') FROM (
    SELECT 'role ' || current_user WHERE current_user <> session_user
    UNION ALL
    SELECT 'search_path' WHERE current_setting('search_path') = 'nowhere'
    UNION ALL
    SELECT 'temp table ' || relname FROM pg_class WHERE relname LIKE 'leftover%' AND pg_table_is_visible(oid)
    UNION ALL
    SELECT 'setting' WHERE current_setting('work.guc', true) <> ''
    UNION ALL
    SELECT 'read only' WHERE current_setting('default_transaction_read_only') = 'on'
    UNION ALL
    SELECT 'work_mem' WHERE current_setting('work_mem') = '64kB'
    UNION ALL
    SELECT 'lock' FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objid = 4242
  ) AS traces(trace)
$$;
"""

MESS = """
DECLARE
  number INT := ((_args).step_arguments ->> 'step')::INT;
  traces TEXT := work.left_behind();
BEGIN
  IF traces IS NOT NULL THEN
    RAISE EXCEPTION 'left behind by the task before: %', traces;
  END IF;
  INSERT INTO work.done(flow_id, node, step, begun, ended)
    VALUES ((_args).flow_id, (_args).node, number::TEXT, now(), now());
  IF number IS NULL THEN
    RETURN;
  END IF;
  CREATE TEMP TABLE leftover(n INT);
  PERFORM pg_advisory_lock(4242);
  PERFORM set_config('work.guc', 'x', false), set_config('work_mem', '64kB', false);
  PERFORM set_config('search_path', 'nowhere', false);
  IF number % 4 = 1 THEN
    COMMIT;
  ELSIF number % 4 = 2 THEN
    CREATE TEMP TABLE leftover_2(n INT) ON COMMIT DELETE ROWS;
  ELSIF number % 4 = 3 THEN
    RAISE EXCEPTION 'and a failure on top' USING ERRCODE = 'XX123';
  END IF;
  PERFORM set_config('default_transaction_read_only', 'on', false);
  EXECUTE format('SET ROLE %I', current_database() || '_nobody');
END
"""


@pytest.mark.parametrize("where", ["self", "client"])
def test_what_callbacks_leave_behind(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, where: str
) -> None:
    """Each step looks for what others left in its session, then leaves a role, settings, temp tables
    and locks behind."""
    target_db = db if where == "self" else client_db
    nobody = sql.Identifier(f"{target_db.name}_nobody").as_string(None)
    scene.prepare(db, client_db)
    scene.add_target(db, target="narrow", connection_string=target_db.conninfo, max_concurrency=1)
    target_db.execute(f"CREATE ROLE {nobody}")
    try:
        target_db.execute(LEFT_BEHIND)
        work.procedure(target_db, "mess", MESS)
        steps = [{"step": n} for n in range(1, 41)]
        kind = {"target": "narrow", "routine": "work.mess", "steps": steps, "all_steps_must_complete": False}
        work.configure(db, "mess", {"nodes": [{"node": "a"} | kind]})
        flow_id = work.run(db, "mess")
        assert wait_run(db, flow_id, 60) == "FINISHED"
        faults.hit("callback leaves something behind", len(steps))
        faults.hit("callback raises an error", sum(step["step"] % 4 == 3 for step in steps))
        failed = db.execute(
            """SELECT (step_arguments ->> 'step')::INT, processing_error FROM flow.v_flow_task
               WHERE flow_id = %s AND finish_status = 'FAILED' ORDER BY 1""",
            (flow_id,),
        )
        assert [step for step, _ in failed] == [n for n in range(1, 41) if n % 4 == 3], failed
        assert all("and a failure on top" in error for _, error in failed), failed
        done = target_db.execute("SELECT step::INT FROM work.done WHERE step IS NOT NULL ORDER BY 1")
        assert done == [(n,) for n in range(1, 41) if n % 4 != 3]
        slots = target_db.value("SELECT count(DISTINCT pid)::INT FROM work.done")
        assert slots == 1, "the steps did not share a session, so that they show nothing"
        scene.check_nothing_is_left(db, orchestrator, client_db)
    finally:
        orchestrator.stop()
        target_db.execute(f"DROP ROLE {nobody}")


@pytest.fixture(scope="module")
def pg_dump() -> Iterator[Path]:
    """A pg_dump that dumps every major; only the embedded default has one."""
    installation = Server("18-pypi")
    yield installation.bindir / "pg_dump"
    installation.stop()


def test_transactions_held_open_and_dumps(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, pg_dump: Path
) -> None:
    """20,000 steps on the server and on a client, while a transaction has read all our tables and
    pg_dump does, on both."""
    steps = 10_000
    scene.prepare(db, client_db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    scene.check_run(db, scene.start(db, 100, name="before"), 100)
    with db.connect() as one, client_db.connect() as two:
        for holder in (one, two):
            holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            names = holder.execute(
                """SELECT format('%I.%I', n.nspname, c.relname)
                   FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
                   WHERE n.nspname IN ('async', 'flow') AND c.relkind = 'r'"""
            ).fetchall()
            for (name,) in names:
                holder.execute(f"SELECT count(*) FROM {name}".encode())
        faults.hit("transaction held open", 2)
        here = scene.start(db, steps)
        there = scene.start(db, steps, target="client", name="there")
        dumps = [
            subprocess.Popen(
                [pg_dump, "--file", os.devnull, "--dbname", where.conninfo], stderr=subprocess.PIPE, text=True
            )
            for where in (db, client_db)
            for _ in range(2)
        ]
        faults.hit("dump under way", len(dumps))
        for dump in dumps:
            _, said = dump.communicate(timeout=120)
            assert dump.returncode == 0, said
        scene.check_run(db, here, steps)
        scene.check_run(db, there, steps, client_db)
        for holder in (one, two):
            holder.execute("ROLLBACK")
    scene.check_nothing_is_left(db, orchestrator, client_db)
