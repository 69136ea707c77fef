"""Callbacks that do what a graph of the model says, and the questions to ask of what they wrote down.

``work.run`` is the routine of nodes and of steps. It inserts one row into ``work.done``: when it began and
ended, its transaction and its snapshot, so that "the child came after its parent" can be asked exactly:
the child saw the parent's row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg

from tests.model.model import Graph, Node, Outcome, Step, Unit
from tests.support.promises import DoubledError, LostError

SCHEMA = """
CREATE SCHEMA work;

CREATE TABLE work.done(
  flow_id BIGINT NOT NULL,
  node TEXT NOT NULL,
  step TEXT,
  begun TIMESTAMPTZ NOT NULL,
  ended TIMESTAMPTZ NOT NULL,
  xid BIGINT NOT NULL DEFAULT txid_current(),
  snapshot TEXT NOT NULL DEFAULT txid_current_snapshot()::TEXT,
  pid INT NOT NULL DEFAULT pg_backend_pid());

CREATE TABLE work.to_answer(args flow.callback_arguments_t, failed BOOL);

CREATE PROCEDURE work.run(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
/*
 * flow arguments: fail (names of nodes), push (node -> [{to, steps}]), sleep (node -> seconds),
 * courses (node -> step or '' -> {sequence, calls}: what each call comes to, counted by a sequence, which
 * survives rollbacks), answers (node -> step or routine -> within or outside)
 */
DECLARE
  moment TIMESTAMPTZ := clock_timestamp();
  told JSONB := COALESCE((_args).flow_arguments, '{}');
  is_step BOOL := (_args).step_arguments IS NOT NULL;
  pushing JSONB;
  items JSONB[];
  course JSONB := told #> ARRAY['courses', (_args).node, COALESCE((_args).step_arguments ->> 'step', '')];
  answer TEXT := told #>> ARRAY['answers', (_args).node, CASE WHEN is_step THEN 'step' ELSE 'routine' END];
  word TEXT := CASE WHEN is_step AND (_args).step_arguments ->> 'fail' = 'true'
                      OR NOT is_step AND told -> 'fail' ? (_args).node THEN 'XX123' ELSE 'ok' END;
BEGIN
  IF course IS NOT NULL THEN
    word := COALESCE(course -> 'calls' ->> (nextval((course ->> 'sequence')::REGCLASS)::INT - 1), word);
  END IF;
  IF told -> 'sleep' IS NOT NULL THEN
    PERFORM pg_sleep(COALESCE((told -> 'sleep' ->> (_args).node)::FLOAT8, 0));
  END IF;
  INSERT INTO work.done(flow_id, node, step, begun, ended)
    VALUES ((_args).flow_id, (_args).node, (_args).step_arguments ->> 'step', moment, clock_timestamp());
  IF NOT is_step THEN
    FOR pushing IN SELECT e FROM jsonb_array_elements(told -> 'push' -> (_args).node) AS e LOOP
      items := ARRAY(SELECT e FROM jsonb_array_elements(pushing -> 'steps') AS e);
      CALL flow.push_steps((_args).flow_id, pushing ->> 'to', items);
    END LOOP;
  END IF;
  IF word IN ('ok', 'no') THEN
    IF answer = 'within' THEN
      CALL flow.finish(_args, word = 'no', 'no');
    ELSIF answer = 'outside' THEN
      INSERT INTO work.to_answer VALUES (_args, word = 'no');
    END IF;
  ELSIF word = 'defer' THEN
    CALL flow.defer(_args, '5 ms');
  ELSIF word IN ('dies', 'late') THEN
    PERFORM pg_terminate_backend(pg_backend_pid()) WHERE word = 'dies';
    PERFORM pg_sleep(60);
  ELSE
    RAISE EXCEPTION 'told to fail' USING ERRCODE = word;
  END IF;
END
$$;
"""


class Database(Protocol):
    """What these helpers need of the fixture ``db``."""

    def execute(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]: ...

    def value(self, sql: str, params: Any = None) -> Any: ...


@dataclass(frozen=True)
class Done:
    """One row of work.done."""

    node: str
    step: str | None
    begun: datetime
    ended: datetime
    xid: int
    snapshot: str

    @property
    def unit(self) -> Unit:
        return self.node, self.step

    def saw(self, other: Done) -> bool:
        """Was ``other`` committed when this row's callback took its snapshot? (Of the same server, any
        database.)"""
        xmin, xmax, running = self.snapshot.split(":")
        return other.xid < int(xmin) or (other.xid < int(xmax) and str(other.xid) not in running.split(","))


def prepare(*databases: Database) -> None:
    """Make the schema ``work`` in each database."""
    for db in databases:
        db.execute(SCHEMA)


def arguments_of(step: Step) -> dict[str, Any]:
    """The arguments with which ``step`` is pushed."""
    return {"step": step.key, "fail": step.fails}


def configuration(graph: Graph) -> dict[str, Any]:
    """``graph`` as flow.configure_flow takes it."""
    return {"nodes": [_node(node) for node in graph.nodes]}


def _node(node: Node) -> dict[str, Any]:
    made: dict[str, Any] = {
        "node": node.name,
        "target": node.target,
        "all_steps_must_complete": node.all_steps_must_complete,
        "dependencies": [
            {"parent": p.node, "continue_on_failure": p.continue_on_failure} for p in node.parents
        ],
        "steps": [arguments_of(step) for step in node.steps],
        "retries": node.retries,
        "retry_delay": "5 ms",
        "retry_backoff": 1,
        "retry_on": node.retry_on,
        "on_interrupt": node.on_interrupt,
        "priority": node.priority,
        "synchronous": node.synchronous,
        "step_timeout": node.step_timeout,
    }
    # An empty node calls nothing itself, but its steps need a routine.
    if node.empty:
        return made | {"empty": True, "step_routine": "work.run"}
    if node.own_routines:
        own = {"node_routine": "work.run", "step_routine": "work.run"}
        return made | own | {"routine": "work.no_such_routine"}
    return made | {"routine": "work.run"}


def arguments(graph: Graph, token: str = "") -> dict[str, Any]:
    """The run's arguments: which nodes fail, who pushes what to whom, what single calls come to.

    token: tells the sequences of the run's courses from those of others, see make_sequences().
    """
    push: dict[str, list[dict[str, Any]]] = {}
    for item in graph.pushes:
        push.setdefault(item.by, []).append(
            {"to": item.to, "steps": [arguments_of(step) for step in item.steps]}
        )
    told = {"fail": [node.name for node in graph.nodes if node.fails], "push": push}
    courses: dict[str, dict[str, Any]] = {}
    for number, ((node, key), calls) in enumerate(graph.courses.items()):
        course = {"sequence": _sequence(token, number), "calls": calls}
        courses.setdefault(node, {})[key or ""] = course
    answers = {
        node.name: {kind: node.answers for kind in ("step", "routine") if node.waits(is_step=kind == "step")}
        for node in graph.nodes
    }
    return told | {"courses": courses, "answers": {name: kinds for name, kinds in answers.items() if kinds}}


def make_sequences(graph: Graph, token: str, *databases: Database) -> None:
    """Make the sequences that count the calls of a run's units."""
    for db in databases if graph.courses else ():
        db.execute("".join(f"CREATE SEQUENCE {_sequence(token, n)};" for n in range(len(graph.courses))))


def _sequence(token: str, number: int) -> str:
    return f"work.calls_{token}_{number}"


def answer(at_server: bool, *databases: Database) -> None:
    """Answer what waits for that: where it was asked, or on the server, the first one, which is faster."""
    for db in databases:
        asked = db.execute("DELETE FROM work.to_answer RETURNING args::TEXT, failed")
        for args, failed in asked:
            try:
                where = databases[0] if at_server else db
                where.execute("CALL flow.finish(%s::flow.callback_arguments_t, %s, 'no')", (args, failed))
            except psycopg.Error as error:
                if error.sqlstate != "PF005":  # it has been canceled
                    raise


def configure(db: Database, flow: str, definition: dict[str, Any]) -> None:
    db.execute("SELECT flow.configure_flow(%s, %s)", (flow, json.dumps(definition)))


def run(db: Database, flow: str, told: Any = None, only: list[str] | None = None) -> int:
    """Start a run and return its flow_id."""
    flow_id = db.value(
        "SELECT flow.run_flow(%s, %s, %s)", (flow, json.dumps({} if told is None else told), only)
    )
    assert isinstance(flow_id, int)
    return flow_id


def done(flow_id: int, *databases: Database) -> list[Done]:
    """The rows that the run's callbacks left, on all of ``databases``."""
    sql = "SELECT node, step, begun, ended, xid, snapshot FROM work.done WHERE flow_id = %s ORDER BY ended"
    return [Done(*row) for db in databases for row in db.execute(sql, (flow_id,))]


def check_effects(rows: list[Done], expected: Outcome) -> None:
    """Each unit's row is there as often as the model says."""
    counts: dict[Unit, int] = {}
    for row in rows:
        counts[row.unit] = counts.get(row.unit, 0) + 1
    twice = {unit: count for unit, count in counts.items() if count > expected.times.get(unit, 1)}
    if twice:
        raise DoubledError(f"took effect too often: {twice}", len(twice))
    missing = {unit for unit in expected.once if counts.get(unit, 0) < expected.times.get(unit, 1)}
    if missing:
        raise LostError(f"did not take effect, or not often enough: {sorted(missing, key=str)}", len(missing))
    surplus = counts.keys() - expected.once - expected.maybe
    if surplus:
        raise DoubledError(f"took effect and must not have: {sorted(surplus, key=str)}", len(surplus))


def check_order(rows: list[Done], graph: Graph, far: bool = True) -> None:
    """Every row's callback saw the rows of all that stands above its node (with ``far`` false: of its
    direct parents)."""
    by_node: dict[str, list[Done]] = {}
    for row in rows:
        by_node.setdefault(row.node, []).append(row)
    near = {node.name: {p.node for p in node.parents} for node in graph.nodes}
    for name, above in (graph.ancestors() if far else near).items():
        for child in by_node.get(name, []):
            for parent in (row for ancestor in above for row in by_node.get(ancestor, [])):
                assert child.saw(parent), (
                    f"{child.unit} did not see the work of {parent.unit}, which stands above it"
                )
                assert child.begun >= parent.ended, f"{child.unit} began before {parent.unit} ended"


def check_own_first(rows: list[Done], pushed: frozenset[Unit] = frozenset()) -> None:
    """A node's steps came after its own routine; those that were ``pushed``, after a call of it."""
    own: dict[str, list[Done]] = {}
    for row in rows:
        if row.step is None:
            own.setdefault(row.node, []).append(row)
    for row in rows:
        if row.step is not None and row.node in own:
            seen = own[row.node][:1] if row.unit in pushed else own[row.node]
            assert all(row.saw(call) for call in seen), f"{row.unit} did not see the work of its node"


def check_states(db: Database, flow_id: int, expected: Outcome) -> None:
    """The states of run, nodes and tasks are the model's."""
    states = dict(
        db.execute("SELECT node, state FROM flow.v_flow_node_status WHERE flow_id = %s", (flow_id,))
    )
    wrong = {
        node: (states.get(node), state) for node, state in expected.nodes.items() if states.get(node) != state
    }
    assert not wrong, f"node: (is, should be) {wrong}"
    assert states.keys() == expected.nodes.keys()
    assert db.value("SELECT state FROM flow.v_flow_status WHERE flow_id = %s", (flow_id,)) == expected.run
    tasks: dict[Unit, str] = {}
    sql = (
        "SELECT node, is_node, step_arguments ->> 'step', finish_status FROM "
        "flow.v_flow_task WHERE flow_id = %s"
    )
    for node, is_node, step, status in db.execute(sql, (flow_id,)):
        unit = (node, None if is_node else step)
        assert unit not in tasks, f"two tasks for {unit}"
        tasks[unit] = status
    for unit, permitted in expected.states.items():
        assert tasks.get(unit, "CANCELED") in permitted, (
            f"{unit} is {tasks.get(unit)}, should be one of {permitted}"
        )
    for units in expected.one_failed:
        assert any(tasks.get(unit) in ("FAILED", "TIMED_OUT") for unit in units), f"none of {units} failed"


# ---- what the tests of single behaviours build with ----

GATES = """
CREATE FUNCTION work.gate(_gate BIGINT) RETURNS VOID LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock_shared(77000 + _gate)
$$;
"""


def procedure(db: Database, name: str, body: str) -> None:
    """Make the callback ``work.<name>``; ``body`` stands between BEGIN and END, or opens with DECLARE."""
    block = body if body.lstrip().startswith("DECLARE") else f"BEGIN {body} END"
    db.execute(
        f"CREATE PROCEDURE work.{name}(_args flow.callback_arguments_t) LANGUAGE "
        f"plpgsql AS $callback$ {block} $callback$"
    )


class Gate:
    """Callbacks that call ``work.gate(number)`` wait there until the test opens it; a closed gate is a
    lock of the test's own session."""

    def __init__(self, db: Any, number: int = 1) -> None:
        self.db, self.key = db, 77000 + number
        self.connection = db.connect()
        if db.value("SELECT to_regproc('work.gate') IS NULL"):
            db.execute(GATES)
        self.connection.execute("SELECT pg_advisory_lock(%s)", (self.key,))

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.open()

    def open(self) -> None:
        """Let everybody through, now and later."""
        self.connection.close()

    def waiting(self) -> int:
        """How many sessions stand at the gate."""
        sql = """
            SELECT count(*)::INT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND NOT l.granted AND l.objid = %s
              AND d.datname = current_database()
        """
        count = self.db.value(sql, (self.key,))
        assert isinstance(count, int)
        return count


def node_states(db: Database, flow_id: int) -> dict[str, str]:
    """The state of every node of a run."""
    return dict(db.execute("SELECT node, state FROM flow.v_flow_node_status WHERE flow_id = %s", (flow_id,)))


def count(db: Database, flow_id: int, node: str | None = None) -> int:
    """How many rows the run's (or one node's) callbacks have left in work.done."""
    sql = "SELECT count(*)::INT FROM work.done WHERE flow_id = %s AND node = COALESCE(%s, node)"
    found = db.value(sql, (flow_id, node))
    assert isinstance(found, int)
    return found
