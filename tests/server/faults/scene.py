"""What the fault tests share: a run of many steps, moments in the midst of it, and what must hold when
it is over."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg

from tests.model import work
from tests.support.consistency import check_consistency, check_no_session_is_left
from tests.support.promises import DoubledError, InconsistentError, LostError, StuckError
from tests.support.wait import until, wait_run

FAN = """
CREATE PROCEDURE work.fan(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
DECLARE
  items JSONB[] := ARRAY(
    SELECT jsonb_build_object('step', n) FROM generate_series(1, ((_args).flow_arguments ->>
    'steps')::INT) AS n);
BEGIN
  CALL work.run(_args);
  CALL flow.push_steps((_args).flow_id, (_args).node, items);
END
$$;
"""


def prepare(*databases: Any) -> None:
    """Make the callbacks in each database."""
    work.prepare(*databases)
    for db in databases:
        db.execute(FAN)


def add_target(db: Any, **target: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))


def start(db: Any, steps: int, target: str = "self", name: str = "faults", **more: Any) -> int:
    """Start a run whose node ``fan`` pushes ``steps`` steps to itself, and which node ``last`` closes."""
    sleep = more.pop("sleep", 0.0)
    fan = {"node": "fan", "target": target, "routine": "work.fan", "step_routine": "work.run"} | more
    last = {"node": "last", "target": target, "routine": "work.run", "dependencies": [{"parent": "fan"}]}
    work.configure(db, name, {"nodes": [fan, last]})
    return work.run(db, name, {"steps": steps, "sleep": {"fan": sleep}})


def count(db: Any, flow_id: int) -> int:
    """How many rows the run's callbacks have left so far; 0 while the database cannot be asked."""
    with contextlib.suppress(psycopg.Error):
        return work.count(db, flow_id)
    return 0


def reach(db: Any, flow_id: int, number: int) -> None:
    """Wait until ``number`` of the run's units have taken effect."""
    until(lambda: count(db, flow_id) >= number, timeout=120, what=f"{number} steps to be done")


def moments(rng: random.Random, db: Any, flow_id: int, steps: int, number: int) -> Iterator[int]:
    """Come back at ``number`` random instants of the run, each as soon as so many steps have taken effect."""
    for threshold in sorted(rng.sample(range(1, steps), number)):
        reach(db, flow_id, threshold)
        time.sleep(rng.uniform(0, 0.01))
        yield threshold


def is_open(db: Any, flow_id: int) -> bool:
    """Is the run still running?"""
    return bool(db.value("SELECT state = 'RUNNING' FROM flow.v_flow_status WHERE flow_id = %s", (flow_id,)))


def take_over(db: Any) -> threading.Thread:
    """Have an orchestrator take over by force; the thread ends when it ends, however that is."""
    connection = db.connect()

    def call() -> None:
        with contextlib.suppress(psycopg.Error), connection:
            connection.execute("CALL async.main(_force => true)")

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    reigns = "SELECT count(*)::INT FROM pg_locks WHERE pid = %s AND locktype = 'advisory' AND granted"
    until(lambda: db.value(reigns, (connection.info.backend_pid,)) > 0, what="it to have taken over")
    return thread


def reachable(db: Any) -> None:
    """Wait until the database answers, after a crash."""

    def answers() -> bool:
        try:
            db.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    until(answers, timeout=60, what=f"database {db.name} to answer")


def check_run(db: Any, flow_id: int, steps: int, where: Any = None, timeout: float = 120) -> None:
    """The run ends well, and each of its units took effect exactly once on ``where`` (the server
    itself by default)."""
    state = wait_run(db, flow_id, timeout)
    where = where or db
    twice = where.execute(
        "SELECT node, step, count(*)::INT FROM work.done WHERE flow_id = %s "
        "GROUP BY 1, 2 HAVING count(*) > 1",
        (flow_id,),
    )
    if twice:
        raise DoubledError(f"took effect more than once: {twice[:20]}", len(twice))
    assert state == "FINISHED", db.execute(
        "SELECT first_error FROM flow.v_flow_status WHERE flow_id = %s", (flow_id,)
    )
    found = {
        step
        for (step,) in where.execute(
            "SELECT step FROM work.done WHERE flow_id = %s AND node = 'fan'", (flow_id,)
        )
    }
    check_units({None, *(str(n) for n in range(1, steps + 1))}, found)
    late = where.value(
        """SELECT count(*)::INT FROM work.done AS l, work.done AS f
           WHERE l.flow_id = %(run)s AND f.flow_id = %(run)s AND l.node = 'last' AND f.node = 'fan'
             AND NOT txid_visible_in_snapshot(f.xid, l.snapshot::TXID_SNAPSHOT)""",
        {"run": flow_id},
    )
    assert late == 0, f"the last node began before {late} of the steps were done"


def check_units(expected: set[Any], found: set[Any]) -> None:
    """Just the units ``expected`` have taken effect."""
    lost, surplus = expected - found, found - expected
    if lost:
        raise LostError(f"never took effect: {sorted(lost, key=str)[:20]}", len(lost))
    if surplus:
        raise DoubledError(f"took effect and must not have: {sorted(surplus, key=str)[:20]}", len(surplus))


def check_nothing_is_left(db: Any, orchestrator: Any, *others: Any) -> None:
    """No run is open, no task waits or is there twice, the tables agree, and after a stop none of the
    engine's sessions is left anywhere."""
    runs = db.execute(
        "SELECT flow_id, state FROM flow.v_flow_status WHERE state NOT IN ('FINISHED', 'FAILED', 'CANCELED')"
    )
    if runs:
        raise StuckError(f"still open: {runs[:20]}", len(runs))
    tasks = db.execute(
        "SELECT task_id, finish_status FROM async.v_task WHERE processed IS NULL OR finish_status IS NULL"
    )
    if tasks:
        raise StuckError(f"still open: {tasks[:20]}", len(tasks))
    twice = db.execute("SELECT task_id FROM async.v_task GROUP BY 1 HAVING count(*) > 1")
    if twice:
        raise InconsistentError(f"there more than once: {twice[:20]}", len(twice))
    if orchestrator.is_running():
        orchestrator.stop()
        assert orchestrator.error is None
    for where in (db, *others):
        check_no_session_is_left(where)
    check_consistency(db)


def push(db: Any, query: str, target: str = "self", raw: bool = False) -> int:
    """Queue one task and return its id."""
    pushing = "SELECT * FROM async.push_tasks(ARRAY[async.task(%s, %s, _raw => %s)])"
    return int(db.value(pushing, (query, target, raw)))


def unresolved(db: Any, task_ids: list[int]) -> int:
    """How many of the tasks have not ended, those included that the orchestrator has not taken in."""
    ended = "SELECT count(*)::INT FROM async.v_task WHERE task_id = ANY(%s) AND processed IS NOT NULL"
    return len(task_ids) - int(db.value(ended, (task_ids,)))


SIGNALS = {"pg_terminate_backend": "session terminated", "pg_cancel_backend": "session cancelled"}
"""What kind of fault each of the functions is that end sessions or their work."""


def signal_sessions(
    db: Any, rng: random.Random, number: int, how: str = "pg_terminate_backend", which: str = "slot"
) -> int:
    """End (or cancel) up to ``number`` of the engine's sessions in the database, drawn at random.

    ``which``: those whose name has it; slots, and those to be canceled, only while they work. Return how
    many were hit.
    """
    found = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s "
        "AND (state = 'active' OR application_name NOT LIKE '%%slot%%' AND %s = 'pg_terminate_backend')"
    )
    pids = [pid for (pid,) in db.execute(found, (f"pgflow%{which}%", how))]
    chosen = rng.sample(pids, min(number, len(pids)))
    return sum(db.value(f"SELECT {how}(%s)", (pid,)) for pid in chosen)
