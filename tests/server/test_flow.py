"""What flows promise in ordinary times: steps, failure, arguments, versions, errors, views."""

from __future__ import annotations

import json
import threading
from functools import partial
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.model import work
from tests.model.work import Gate, configure, count, node_states, procedure, run
from tests.server.later import later
from tests.support.wait import until, wait_run

RUN = {"routine": "work.run"}


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    work.prepare(db)
    return db


@pytest.fixture
def client(flows: Any, client_db: Any) -> Any:
    """A client database, known to ``flows`` as the target ``client``, with the callbacks too."""
    work.prepare(client_db)
    add_target(flows, target="client", connection_string=client_db.conninfo)
    return client_db


def add_target(db: Any, **target: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A node that calls work.run on self unless told otherwise."""
    return {"node": name, "target": "self", "dependencies": [{"parent": p} for p in parents]} | RUN | more


def flow(db: Any, *nodes: dict[str, Any], name: str = "f", **more: Any) -> str:
    configure(db, name, {"nodes": list(nodes)} | more)
    return name


def start(
    db: Any, *nodes: dict[str, Any], told: Any = None, only: list[str] | None = None, **more: Any
) -> int:
    """Configure the flow ``f`` and run it."""
    return run(db, flow(db, *nodes, **more), told, only)


def steps(*keys: Any) -> list[dict[str, Any]]:
    return [{"step": str(key), "fail": str(key).startswith("bad")} for key in keys]


def push(db: Any, flow_id: int, name: str, *arguments: Any) -> None:
    db.execute("CALL flow.push_steps(%s, %s, %s::JSONB[])", (flow_id, name, [Jsonb(a) for a in arguments]))


def refused(db: Any, sqlstate: str, sql: str, params: Any = None) -> psycopg.Error:
    """``sql`` fails with ``sqlstate``; returns the error."""
    with pytest.raises(psycopg.Error) as caught:
        db.execute(sql, params)
    if isinstance(caught.value, psycopg.errors.FeatureNotSupported | psycopg.errors.UndefinedFunction):
        raise caught.value
    assert caught.value.sqlstate == sqlstate, f"{caught.value.sqlstate}: {caught.value}"
    return caught.value


def shows(db: Any, query: str, value: Any) -> bool:
    """Does ``query`` give ``value``?"""
    return bool(db.value(query) == value)


def in_state(db: Any, flow_id: int, name: str, *wanted: str) -> None:
    """Wait until the node is in one of the states."""
    until(lambda: node_states(db, flow_id).get(name) in wanted, what=f"{name} to be {wanted}")


# ---- arguments ----


def test_callback_is_told_who_it_is(flows: Any) -> None:
    flows.execute("CREATE TABLE work.seen(args flow.callback_arguments_t)")
    procedure(flows, "see", "INSERT INTO work.seen VALUES (_args);")
    told = {"month": "2026-09", "quote": "it's $$ \\ \" é"}
    flow_id = start(flows, node("a", routine="work.see", steps=[{"x": [1, None]}]), told=told)
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    seen = flows.execute(
        """SELECT (args).flow_id, (args).flow, (args).flow_arguments, (args).node, (args).step_arguments,
                  t.is_node
           FROM work.seen LEFT JOIN flow.v_flow_task t ON t.task_id = (args).task_id
           ORDER BY t.is_node DESC"""
    )
    assert seen == [(flow_id, "f", told, "a", None, True), (flow_id, "f", told, "a", {"x": [1, None]}, False)]


@pytest.mark.parametrize("told", [{"a": 1}, {}, [1, 2], "text", None])
def test_any_json_is_an_argument(flows: Any, told: Any) -> None:
    procedure(flows, "see", "INSERT INTO work.said VALUES ((_args).flow_arguments, (_args).step_arguments);")
    flows.execute("CREATE TABLE work.said(flow_arguments JSONB, step_arguments JSONB)")
    flow(flows, node("a", routine="work.see"))
    flow_id = flows.value("SELECT flow.run_flow('f', %s)", (Jsonb(told),))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert flows.execute("SELECT flow_arguments::TEXT FROM work.said") == [(json.dumps(told),)]


def test_arguments_are_cached_on_every_target(flows: Any, client: Any) -> None:
    for db in (flows, client):
        db.execute("CREATE TABLE work.said(node TEXT, args JSONB)")
        procedure(db, "say", "INSERT INTO work.said VALUES ((_args).node, flow.args((_args).flow_id));")
    told = {"big": "x" * 100_000}
    flow_id = start(
        flows, node("a", routine="work.say"), node("b", "a", routine="work.say", target="client"), told=told
    )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert flows.execute("SELECT * FROM work.said") == [("a", told)]
    assert client.execute("SELECT * FROM work.said") == [("b", told)]
    for db in (flows, client):
        assert db.value("SELECT count(*)::INT FROM flow.arguments WHERE flow_id = %s", (flow_id,)) == 1


# ---- steps ----


def test_static_and_pushed_steps_follow_the_routine(flows: Any) -> None:
    told = {"push": {"a": [{"to": "a", "steps": steps(3, 4)}]}}
    flow_id = start(flows, node("a", steps=steps(1, 2)), node("b", "a"), told=told)
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    rows = work.done(flow_id, flows)
    assert sorted((r.node, r.step or "") for r in rows) == [
        ("a", ""),
        *(("a", str(n)) for n in range(1, 5)),
        ("b", ""),
    ]
    work.check_own_first(rows)
    (child,) = (row for row in rows if row.node == "b")
    assert all(child.saw(row) for row in rows if row.node == "a")


def test_the_same_step_runs_once(flows: Any) -> None:
    one = {"step": "1", "fail": False}
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        again = {"push": {"a": [{"to": "a", "steps": [one, one]}, {"to": "a", "steps": [one]}]}}
        flow_id = start(flows, node("a", steps=[one, one], step_routine="work.held"), told=again)
        until(lambda: gate.waiting() == 1, what="the step to run")
        flows.execute(
            "CALL flow.push_steps(%s, 'a', %s::JSONB[])",
            (flow_id, ['{"fail": false,   "step": "1"}', '{"step": "2"}']),
        )
        until(lambda: gate.waiting() == 2, what="the second step to run")
        push(flows, flow_id, "a", one)
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert sorted(r.step for r in work.done(flow_id, flows) if r.step) == ["1", "2"]


def test_large_step_arguments(flows: Any) -> None:
    """A megabyte each, that do not compress and differ in their last character only."""
    body = flows.value("SELECT string_agg(md5(n::TEXT), '') FROM generate_series(1, 32768) AS n")
    large = [{"step": "1", "body": body + end} for end in "ab"]
    flow_id = start(
        flows, node("a", steps=[large[0]]), told={"push": {"a": [{"to": "a", "steps": [*large, large[1]]}]}}
    )
    assert wait_run(flows, flow_id, 60) == "FINISHED"
    assert count(flows, flow_id) == 3


def test_steps_push_steps(flows: Any, client: Any) -> None:
    """A countdown, each step pushing the next one, on the server and on a client."""
    for db in (flows, client):
        procedure(
            db,
            "countdown",
            """DECLARE
                 n INT := COALESCE(((_args).step_arguments ->> 'step')::INT, 6);
               BEGIN
                 INSERT INTO work.done VALUES ((_args).flow_id, (_args).node, (_args).step_arguments
                 ->> 'step', now(), now());
                 IF n > 1 THEN
                   CALL flow.push_steps((_args).flow_id, (_args).node, ARRAY[jsonb_build_object('step',
                   n - 1)]);
                 END IF;
               END""",
        )
    here, there = node("a", routine="work.countdown"), node("b", routine="work.countdown", target="client")
    flow_id = start(flows, here, there, node("c", "a", "b"))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert {count(db, flow_id, name) for db, name in ((flows, "a"), (client, "b"))} == {6}
    assert count(flows, flow_id, "c") == 1


def test_steps_pushed_to_a_pending_node_wait_for_it(flows: Any) -> None:
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        nodes = (
            node("a", routine="work.held"),
            node("b", "a"),
            node("c", "b", empty=True, routine=None, step_routine="work.run"),
        )
        flow_id = start(flows, *(({k: v for k, v in n.items() if v is not None}) for n in nodes))
        until(lambda: gate.waiting() == 1, what="a to run")
        push(flows, flow_id, "b", *steps(1, 2))
        push(flows, flow_id, "c", *steps(1))
        assert node_states(flows, flow_id)["b"] == "PENDING"
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    rows = work.done(flow_id, flows)
    assert [row.node for row in rows] == ["a", "b", "b", "b", "c"]
    work.check_own_first(rows)


def test_add_steps_says_how_many_were_new(flows: Any, client: Any) -> None:
    for db in (flows, client):
        db.execute("SELECT 'flow.add_steps(flow.callback_arguments_t, JSONB[])'::REGPROCEDURE")
        db.execute("CREATE TABLE work.said(node TEXT, added BIGINT)")
        procedure(
            db,
            "adding",
            """IF (_args).step_arguments IS NULL THEN
                 INSERT INTO work.said SELECT (_args).node, flow.add_steps(_args, ARRAY(
                   SELECT jsonb_build_object('step', n % 4) FROM generate_series(1, 10) AS n));
               ELSE
                 CALL work.run(_args);
               END IF;""",
        )
    flow_id = start(
        flows, node("a", routine="work.adding"), node("b", routine="work.adding", target="client")
    )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert flows.execute("SELECT * FROM work.said") == [("a", 4)]
    assert client.execute("SELECT * FROM work.said") == [("b", 4)]
    assert (count(flows, flow_id), count(client, flow_id)) == (4, 4)


def test_a_failed_step_stops_the_others(flows: Any) -> None:
    """With all_steps_must_complete what waits is CANCELED and what runs is interrupted: the gate is
    never opened before the end."""
    with Gate(flows) as gate:
        procedure(
            flows,
            "held",
            """IF (_args).step_arguments ->> 'step' = 'bad' THEN
                 PERFORM work.gate(2); RAISE EXCEPTION 'bad step';
               END IF;
               PERFORM work.gate(1);""",
        )
        with Gate(flows, 2) as failing:
            add_target(flows, target="narrow", connection_string=flows.conninfo, max_concurrency=4)
            kind = {"routine": "work.run", "step_routine": "work.held", "target": "narrow"}
            flow_id = start(flows, node("a", steps=steps("bad", *range(20)), **kind), node("b", "a"))
            until(lambda: gate.waiting() == 3 and failing.waiting() == 1, what="the slots to be full")
        assert wait_run(flows, flow_id, 30) == "FAILED"
        until(lambda: gate.waiting() == 0, what="the running steps to be interrupted")
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "DOA"}
    ended = dict(
        flows.execute(
            """SELECT finish_status, count(*)::INT FROM flow.v_flow_task
               WHERE flow_id = %s AND node = 'a' AND NOT is_node GROUP BY 1""",
            (flow_id,),
        )
    )
    assert ended == {"FAILED": 1, "CANCELED": 20}
    counts = (
        "SELECT steps, steps_pending, steps_running, steps_failed FROM "
        "flow.v_flow_node_status WHERE flow_id = %s AND node = 'a'"
    )
    assert flows.execute(counts, (flow_id,))[0][:3] == (21, 0, 0)


def test_a_failed_step_does_not_stop_the_others_where_not_all_must_complete(flows: Any) -> None:
    flow_id = start(
        flows, node("a", steps=steps("bad", *range(9)), all_steps_must_complete=False), node("b", "a")
    )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert count(flows, flow_id, "a") == 10
    assert count(flows, flow_id, "b") == 1
    sql = "SELECT steps_finished, steps_failed FROM flow.v_flow_node_status WHERE flow_id = %s AND node = 'a'"
    assert flows.execute(sql, (flow_id,)) == [(9, 1)]


def test_steps_that_cannot_become_tasks_are_shown_as_steps(flows: Any) -> None:
    """Their target is removed between the configuration and the run."""
    add_target(flows, target="gone", connection_string=flows.conninfo)
    kind = {"empty": True, "target": "gone", "step_routine": "work.run", "steps": steps(1)}
    flow(flows, {"node": "a"} | kind)
    flows.execute("DELETE FROM async.target WHERE target = 'gone'")
    flow_id = run(flows, "f")
    assert wait_run(flows, flow_id, 30) == "FAILED"
    shown = "SELECT is_node, step_arguments, processing_error FROM flow.v_flow_task WHERE flow_id = %s"
    assert flows.execute(shown, (flow_id,)) == [(False, steps(1)[0], 'unknown target "gone"')]


# ---- order and failure ----


def test_failure_goes_down_and_stops_at_continue_on_failure(flows: Any) -> None:
    lenient = {"dependencies": [{"parent": "b", "continue_on_failure": True}, {"parent": "x"}]}
    flow_id = start(
        flows,
        node("a"),
        node("b", "a"),
        node("c", "b"),
        node("d", "c"),
        node("x"),
        node("e") | lenient,
        told={"fail": ["a"]},
    )
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {
        "a": "FAILED",
        "b": "DOA",
        "c": "DOA",
        "d": "DOA",
        "x": "FINISHED",
        "e": "FINISHED",
    }
    assert "told to fail" in flows.value(
        "SELECT first_error FROM flow.v_flow_status WHERE flow_id = %s", (flow_id,)
    )


def test_a_hundred_empty_nodes(flows: Any) -> None:
    empty = {"target": "self", "empty": True}
    names = [f"n{number}" for number in range(100)]
    chain = [{"node": name} | empty | {"dependencies": [{"parent": p}]} for p, name in pairwise(names)]
    flow_id = start(flows, {"node": "n0"} | empty, *chain, node("last", "n99"))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert count(flows, flow_id) == 1
    assert set(node_states(flows, flow_id).values()) == {"FINISHED"}


def test_nodes_of_one_routine_run_side_by_side(flows: Any) -> None:
    """Fifty short ones have taught the engine to send many at once; those that follow are shared out all the
    same: too short for one that waits behind another to be taken back, so that would not hide it."""
    flows.execute("CREATE TABLE work.session(pid INT)")
    procedure(flows, "noted", "INSERT INTO work.session VALUES (pg_backend_pid()); PERFORM pg_sleep(0.004);")
    short = [node(f"s{n}", routine="work.run") for n in range(50)]
    joint = node("joint", *(s["node"] for s in short), empty=True, routine=None)
    after = [node(f"h{n}", "joint", routine="work.noted") for n in range(8)]
    assert wait_run(flows, start(flows, *short, joint, *after), 30) == "FINISHED"
    assert flows.value("SELECT count(*)::INT FROM work.session") == 8
    assert flows.value("SELECT count(DISTINCT pid)::INT FROM work.session") > 1


def test_a_flow_of_empty_nodes_ends(flows: Any) -> None:
    assert wait_run(flows, start(flows, {"node": "a", "target": "self", "empty": True}), 30) == "FINISHED"


def test_an_empty_node_has_steps(flows: Any) -> None:
    joint = {
        "node": "a",
        "target": "self",
        "empty": True,
        "step_routine": "work.run",
        "steps": steps(1, "bad"),
    }
    flow_id = start(flows, joint, node("b", "a"))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "DOA"}


def test_only_these_nodes(flows: Any) -> None:
    chain = [node("a"), node("b", "a"), node("c", "b"), node("d", "c")]
    flow_id = start(flows, *chain, told={"sleep": {"a": 0.3}}, only=["a", "c"])
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert node_states(flows, flow_id) == {"a": "FINISHED", "b": "SKIPPED", "c": "FINISHED", "d": "SKIPPED"}
    first, second = work.done(flow_id, flows)
    assert (first.node, second.node) == ("a", "c")
    assert second.saw(first)


@pytest.mark.parametrize(
    ("widen", "selected"),
    [
        ("_add_parents => true", {"a", "b", "c"}),
        ("_add_children => true", {"c", "d"}),
        ("_add_parents => true, _add_children => true", {"a", "b", "c", "d"}),
    ],
)
def test_only_these_nodes_widened(flows: Any, widen: str, selected: set[str]) -> None:
    flow(flows, node("a"), node("b", "a"), node("c", "b"), node("d", "c"), node("x"))
    flow_id = flows.value(f"SELECT flow.run_flow('f', '{{}}', ARRAY['c'], {widen})")
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    states = node_states(flows, flow_id)
    assert {name for name, state in states.items() if state == "FINISHED"} == selected
    assert {name for name, state in states.items() if state == "SKIPPED"} == {
        "a",
        "b",
        "c",
        "d",
        "x",
    } - selected


def test_create_flow_is_run_flow(flows: Any) -> None:
    flow(flows, node("a"))
    assert wait_run(flows, flows.value("SELECT flow.create_flow('f', '{}')"), 30) == "FINISHED"


def test_priority_orders_what_waits(flows: Any) -> None:
    """Within a run and between runs: six nodes of three runs ask for the only slot."""
    add_target(flows, target="one", connection_string=flows.conninfo, max_concurrency=1)
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        runs = [start(flows, node("first", target="one", routine="work.held"), name="blocker")]
        until(lambda: gate.waiting() == 1, what="the only slot to be taken")
        for number, ranks in enumerate(
            [{"fourth": 3, "first": -2}, {"sixth": 9, "third": 2}, {"fifth": 5, "second": 1}]
        ):
            nodes = [node(name, target="one", priority=rank) for name, rank in ranks.items()]
            runs.append(start(flows, *nodes, name=f"f{number}"))
            until(
                lambda: set(node_states(flows, runs[-1]).values()) == {"READY"}, what="the nodes to be ready"
            )
    for flow_id in runs:
        assert wait_run(flows, flow_id, 30) == "FINISHED"
    order = [name for (name,) in flows.execute("SELECT node FROM work.done ORDER BY ended")]
    assert order[1:] == ["first", "second", "third", "fourth", "fifth", "sixth"]


@later
def test_set_priority_moves_a_run_forward(flows: Any) -> None:
    add_target(flows, target="one", connection_string=flows.conninfo, max_concurrency=1)
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        start(flows, node("first", target="one", routine="work.held"), name="blocker")
        until(lambda: gate.waiting() == 1, what="the only slot to be taken")
        names = [start(flows, node("n", target="one"), name=name) for name in ("earlier", "later")]
        flows.execute("SELECT flow.set_priority(%s, -9)", (names[1],))
        flows.execute("SELECT async.wait_for_latch()")
    for flow_id in names:
        assert wait_run(flows, flow_id, 30) == "FINISHED"
    order = [flow_id for (flow_id,) in flows.execute("SELECT flow_id FROM work.done ORDER BY ended")]
    assert order[1:] == names[::-1]


# ---- ends ----


def test_cancel_ends_a_run(flows: Any) -> None:
    with Gate(flows) as gate:
        procedure(
            flows,
            "held",
            "INSERT INTO work.done VALUES (0, 'held', NULL, now(), now()); PERFORM work.gate(1);",
        )
        flow_id = start(flows, node("a"), node("b", "a", routine="work.held", steps=steps(1)), node("c", "b"))
        until(lambda: gate.waiting() == 1, what="b to run")
        flows.execute("SELECT flow.cancel(%s)", (flow_id,))
        assert wait_run(flows, flow_id, 30) == "CANCELED"
        until(lambda: gate.waiting() == 0, what="b to be interrupted")
    assert node_states(flows, flow_id) == {"a": "FINISHED", "b": "CANCELED", "c": "CANCELED"}
    assert count(flows, 0) == 0, "the work of an interrupted callback stayed"


@later
def test_cancel_reaches_child_runs(flows: Any) -> None:
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        flow(flows, node("a", routine="work.held"), name="child")
        parent = {
            "node": "p",
            "target": "self",
            "empty": True,
            "steps_to_flow": "child",
            "steps": [{"n": 1}, {"n": 2}],
        }
        flow_id = start(flows, parent, name="parent")
        until(lambda: gate.waiting() == 2, what="both child runs to run")
        flows.execute("SELECT flow.cancel(%s)", (flow_id,))
        assert wait_run(flows, flow_id, 30) == "CANCELED"
        until(lambda: gate.waiting() == 0, what="the children's callbacks to be interrupted")
        ended = "SELECT DISTINCT state FROM flow.v_flow_status WHERE flow = 'child'"
        until(lambda: flows.execute(ended) == [("CANCELED",)], what="the child runs to end")


@later
def test_steps_to_flow(flows: Any) -> None:
    """A step ends as the run of the flow that it starts ends, with the step's arguments as that run's."""
    procedure(
        flows,
        "item",
        "IF ((_args).flow_arguments ->> 'n')::INT = 3 THEN RAISE EXCEPTION "
        "'three'; END IF; CALL work.run(_args);",
    )
    flow(flows, node("a", routine="work.item"), name="item")
    kind = {"target": "self", "empty": True, "steps_to_flow": "item"}
    well = {"node": "well", "steps": [{"n": 1}, {"n": 2}]} | kind
    ill = {"node": "ill", "steps": [{"n": 3}]} | kind
    flow_id = start(flows, well, node("b", "well"), ill, node("c", "ill"))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {"well": "FINISHED", "b": "FINISHED", "ill": "FAILED", "c": "DOA"}
    told = "SELECT arguments, state FROM flow.v_flow_status WHERE flow = 'item' ORDER BY arguments"
    assert flows.execute(told) == [({"n": 1}, "FINISHED"), ({"n": 2}, "FINISHED"), ({"n": 3}, "FAILED")]


def test_finish_from_outside(flows: Any) -> None:
    """On a target that finishes asynchronously a node waits for flow.finish, a node that is
    synchronous does not."""
    add_target(flows, target="later", connection_string=flows.conninfo, asynchronous_finish=True)
    flows.execute("CREATE TABLE work.asked(args flow.callback_arguments_t)")
    procedure(flows, "ask", "INSERT INTO work.asked VALUES (_args);")
    kind = {"target": "later", "routine": "work.ask"}
    flow_id = start(
        flows,
        node("well", **kind),
        node("ill", **kind),
        node("steps", **kind, synchronous=True, steps=steps(1, 2)),
        node("b", "well"),
        node("c", "ill"),
        node("d", "steps"),
    )
    asked = "SELECT count(*)::INT FROM work.asked"
    until(lambda: flows.value(asked) == 5, what="all callbacks to be called")
    for name in ("well", "ill"):
        in_state(flows, flow_id, name, "YIELDED")
    finish = """DO $$ DECLARE a flow.callback_arguments_t; BEGIN
        SELECT (args).* INTO a FROM work.asked
          WHERE (args).node = '{0}' AND (args).step_arguments ->> 'step' IS NOT DISTINCT FROM {1};
        CALL flow.finish(a, {2}, {3}); END $$"""
    assert node_states(flows, flow_id)["b"] == "PENDING"
    flows.execute(finish.format("well", "NULL", "false", "NULL"))
    flows.execute(finish.format("ill", "NULL", "true", "'no such luck'"))
    in_state(flows, flow_id, "b", "FINISHED")
    for step in ("1", "2"):
        assert node_states(flows, flow_id)["d"] == "PENDING"
        flows.execute(finish.format("steps", f"'{step}'", "false", "NULL"))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {
        "well": "FINISHED",
        "ill": "FAILED",
        "steps": "FINISHED",
        "b": "FINISHED",
        "c": "DOA",
        "d": "FINISHED",
    }
    error = "SELECT processing_error FROM flow.v_flow_task WHERE flow_id = %s AND node = 'ill'"
    assert "no such luck" in flows.value(error, (flow_id,))
    with pytest.raises(psycopg.Error) as caught:
        flows.execute(finish.format("well", "NULL", "false", "NULL"))
    assert caught.value.sqlstate == "PF005"


def test_finish_within_the_callback_itself(flows: Any, client: Any) -> None:
    """A client that finishes asynchronously may answer before its callback returns; the answer commits
    with it."""
    add_target(flows, target="later", connection_string=client.conninfo, asynchronous_finish=True)
    procedure(
        client, "answer", "CALL work.run(_args); CALL flow.finish(_args, (_args).node = 'ill', 'so be it');"
    )
    flow_id = start(
        flows,
        node("well", target="later", routine="work.answer"),
        node("ill", target="later", routine="work.answer"),
    )
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {"well": "FINISHED", "ill": "FAILED"}


def test_defer_runs_a_task_again_later(flows: Any, client: Any) -> None:
    """The work of the call that deferred stays, and the task runs again."""
    for db in (flows, client):
        procedure(
            db,
            "twice",
            """CALL work.run(_args);
               IF (SELECT count(*) FROM work.done WHERE flow_id = (_args).flow_id) < 3 THEN
                 CALL flow.defer(_args, '50 ms');
               END IF;""",
        )
    flow_id = start(
        flows,
        node("a", routine="work.twice"),
        node("b", routine="work.twice", target="client"),
        node("c", "a", "b"),
    )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert (count(flows, flow_id, "a"), count(client, flow_id, "b"), count(flows, flow_id, "c")) == (3, 3, 1)


def test_wait(flows: Any) -> None:
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        flow_id = start(flows, node("a", routine="work.held"))
        until(lambda: gate.waiting() == 1, what="a to run")
        refused(flows, "PF010", "CALL flow.wait(%s, '100 ms')", (flow_id,))
        over = threading.Event()

        def wait_for_it() -> None:
            with flows.connect() as connection:
                connection.execute("CALL flow.wait(%s, '30 s')", (flow_id,))
                over.set()

        waiter = threading.Thread(target=wait_for_it)
        waiter.start()
        assert not over.is_set()
        gate.open()
        waiter.join(30)
        assert over.is_set()
    failed = start(flows, node("a"), told={"fail": ["a"]}, name="ill")
    refused(flows, "PF009", "CALL flow.wait(%s, '30 s')", (failed,))
    refused(flows, "PF011", "DO $$ BEGIN CALL flow.wait(flow.run_flow('f', '{}'), '1 s'); END $$")


@pytest.mark.parametrize(
    ("how", "again"),
    [("", {"a": 2, "b": 1, "c": 1, "d": 2}), (", 'b'", {}), (", _failed_only => true", {})],
    ids=["whole", "from_a_node_down", "failed_only"],
)
def test_restart_flow(flows: Any, how: str, again: dict[str, int]) -> None:
    """a → b → c, and d alone; b fails the first time, so that its first row is that of the second run."""
    flows.execute("CREATE TABLE work.mended(mended BOOL)")
    procedure(
        flows,
        "once_bad",
        "IF NOT EXISTS (SELECT FROM work.mended) THEN RAISE EXCEPTION 'bad'; END IF; CALL work.run(_args);",
    )
    kind = {"routine": "work.once_bad", "step_routine": "work.run", "steps": steps(1)}
    flow_id = start(flows, node("a"), node("b", "a", **kind), node("c", "b"), node("d"))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    flows.execute("INSERT INTO work.mended VALUES (true)")
    flows.execute(f"SELECT flow.restart_flow(%s{how})", (flow_id,))
    latest = flows.value("SELECT max(flow_id) FROM flow.v_flow_status")
    assert wait_run(flows, latest, 30) == "FINISHED"
    rows = dict(flows.execute("SELECT node, count(*)::INT FROM work.done WHERE step IS NULL GROUP BY 1"))
    assert rows == dict.fromkeys("abcd", 1) | again
    assert flows.value("SELECT count(*)::INT FROM work.done WHERE step = '1'") == 1


@pytest.mark.parametrize(
    "call",
    ["flow.restart_flow(%s)", "flow.drop_flow('f') WHERE %s > 0"],
    ids=["restart", "drop"],
)
def test_what_an_open_run_refuses(flows: Any, call: str) -> None:
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        flow_id = start(flows, node("a", routine="work.held"))
        until(lambda: gate.waiting() == 1, what="a to run")
        refused(flows, "PF005", f"SELECT {call}", (flow_id,))
    assert wait_run(flows, flow_id, 30) == "FINISHED"


# ---- retries and time ----


def test_retries(flows: Any) -> None:
    flows.execute("CREATE SEQUENCE work.attempt")
    procedure(
        flows,
        "third_time",
        "IF nextval('work.attempt') < 3 THEN RAISE EXCEPTION 'not yet'; END IF; CALL work.run(_args);",
    )
    flow_id = start(
        flows, node("a", routine="work.third_time", retries=5, retry_delay="20 ms"), node("b", "a")
    )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert flows.value("SELECT last_value::INT FROM work.attempt") == 3
    assert count(flows, flow_id, "a") == 1


def test_retries_come_to_an_end(flows: Any) -> None:
    flows.execute("CREATE SEQUENCE work.attempt")
    procedure(flows, "never", "PERFORM nextval('work.attempt'); RAISE EXCEPTION 'never';")
    flow_id = start(flows, node("a", routine="work.never", retries=2, retry_delay="20 ms", retry_backoff=1))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert flows.value("SELECT last_value::INT FROM work.attempt") == 3


@pytest.mark.parametrize(
    ("sqlstate", "more", "attempts"),
    [
        ("42P01", {}, 1),
        ("P0001", {}, 3),
        ("P0001", {"retry_on": ["55"]}, 1),
        ("55P03", {"retry_on": ["55"]}, 3),
    ],
)
def test_retry_on(flows: Any, sqlstate: str, more: dict[str, Any], attempts: int) -> None:
    flows.execute("CREATE SEQUENCE work.attempt")
    procedure(
        flows,
        "never",
        f"PERFORM nextval('work.attempt'); RAISE EXCEPTION 'never' USING ERRCODE = '{sqlstate}';",
    )
    kind = {"routine": "work.never", "retries": 2, "retry_delay": "10 ms"} | more
    flow_id = start(flows, node("a", **kind))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert flows.value("SELECT last_value::INT FROM work.attempt") == attempts


def test_a_step_fails_after_its_last_retry_only(flows: Any) -> None:
    flows.execute("CREATE SEQUENCE work.attempt")
    procedure(
        flows,
        "second_time",
        "IF nextval('work.attempt') < 2 THEN RAISE EXCEPTION 'not yet'; END IF; CALL work.run(_args);",
    )
    kind = {"step_routine": "work.second_time", "retries": 1, "retry_delay": "10 ms"}
    flow_id = start(flows, node("a", steps=steps(1, 2, 3), **kind))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert count(flows, flow_id, "a") == 4


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_not_the_callbacks_fault(flows: Any, sqlstate: str) -> None:
    """A serialization failure or a deadlock is tried again at once, up to five times, without retries."""
    flows.execute("CREATE SEQUENCE work.mild; CREATE SEQUENCE work.grave")
    lost = f"RAISE EXCEPTION 'lost' USING ERRCODE = '{sqlstate}';"
    procedure(flows, "mild", f"IF nextval('work.mild') <= 5 THEN {lost} END IF; CALL work.run(_args);")
    procedure(flows, "grave", f"PERFORM nextval('work.grave'); {lost}")
    procedure(flows, "committed", f"CALL work.run(_args); COMMIT; {lost}")
    flow_id = start(
        flows,
        node("a", routine="work.mild"),
        node("b", routine="work.grave"),
        node("c", routine="work.committed"),
    )
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FINISHED", "b": "FAILED", "c": "FAILED"}
    assert flows.value("SELECT last_value::INT FROM work.grave") == 6
    assert (count(flows, flow_id, "a"), count(flows, flow_id, "c")) == (1, 1)


@pytest.mark.parametrize(
    "which", [pytest.param("node", marks=later), pytest.param("node_steps", marks=later), "step"]
)
def test_timeouts(flows: Any, which: str) -> None:
    """A node's timeout covers its steps; a step's is its own. TIMED_OUT fails the run, and what
    depends on it is DOA."""
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        kinds: dict[str, dict[str, Any]] = {
            "node": {"routine": "work.held", "node_timeout": "200 ms"},
            "node_steps": {"step_routine": "work.held", "node_timeout": "200 ms", "steps": steps(1, 2)},
            "step": {"step_routine": "work.held", "step_timeout": "200 ms", "steps": steps(1)},
        }
        flow_id = start(flows, node("a", **kinds[which]), node("b", "a"), node("x"))
        assert wait_run(flows, flow_id, 30) == "FAILED"
        until(lambda: gate.waiting() == 0, what="the callbacks to be interrupted")
    states = node_states(flows, flow_id)
    assert states["a"] == ("FAILED" if which == "step" else "TIMED_OUT")
    assert states["b"] == "DOA"
    assert states["x"] == "FINISHED"


# ---- concurrency ----


def most_at_once(db: Any, flow_id: int, *names: str) -> int:
    """The most callbacks of the nodes that ran at one time."""
    rows = [row for row in work.done(flow_id, db) if row.node in names]
    return max(sum(other.begun <= row.begun < other.ended for other in rows) for row in rows)


@later
def test_max_concurrency_of_a_node(flows: Any) -> None:
    kind = {"max_concurrency": 2, "step_routine": "work.run"}
    flow_id = start(flows, node("a", steps=steps(*range(8)), **kind), told={"sleep": {"a": 0.05}})
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert most_at_once(flows, flow_id, "a") == 2


def test_mutexes(flows: Any) -> None:
    """Two nodes that exclude each other never run at once, across runs."""
    flow(flows, node("a"), node("b"), node("c"), mutexes=[["a", "b"]])
    runs = [run(flows, "f", {"sleep": {"a": 0.1, "b": 0.1, "c": 0.1}}) for _ in range(4)]
    for flow_id in runs:
        assert wait_run(flows, flow_id, 30) == "FINISHED"
    rows = [row for flow_id in runs for row in work.done(flow_id, flows) if row.node in "ab"]
    assert len(rows) == 8
    assert max(sum(o.begun <= row.begun < o.ended for o in rows) for row in rows) == 1


@later
def test_concurrency_group_routine_names_the_pool(flows: Any) -> None:
    flows.execute(
        """CREATE FUNCTION work.pool(_flow_id BIGINT, _node TEXT) RETURNS TEXT LANGUAGE sql AS
           $$ SELECT 'pool_' || left(_node, 1) $$"""
    )
    flows.execute(
        "SELECT async.configure(%s)",
        (json.dumps({"concurrency_pools": [{"concurrency_pool": "pool_a", "max_workers": 2}]}),),
    )
    names = [f"a{number}" for number in range(6)]
    told = {"sleep": dict.fromkeys(names, 0.1)}
    flow_id = start(flows, *(node(name) for name in names), told=told, concurrency_group_routine="work.pool")
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    pools = flows.execute(
        "SELECT DISTINCT concurrency_pool FROM flow.v_flow_task WHERE flow_id = %s", (flow_id,)
    )
    assert pools == [("pool_a",)]
    assert most_at_once(flows, flow_id, *names) == 2


# ---- names ----


def test_names_that_need_quoting(flows: Any, client: Any) -> None:
    odd = 'it\'s "Odd" $$ %s \\ é;'
    add_target(flows, target=odd, connection_string=client.conninfo)
    client.execute('CREATE SCHEMA "Work 2"')
    client.execute(
        'CREATE PROCEDURE "Work 2"."do ""It""; --"(_args flow.callback_arguments_t) LANGUAGE plpgsql AS '
        "$$ BEGIN CALL work.run(_args); END $$"
    )
    flow_id = start(
        flows, node("work.a", target=odd, routine='"Work 2"."do ""It""; --"', steps=[{"step": odd}]), name=odd
    )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert sorted((row.node, row.step or "") for row in work.done(flow_id, client)) == [
        ("work.a", ""),
        ("work.a", odd),
    ]
    assert flows.execute("SELECT flow, state FROM flow.v_flow_status") == [(odd, "FINISHED")]


def test_a_nodes_name_is_its_procedure(flows: Any) -> None:
    procedure(flows, "load", "CALL work.run(_args);")
    flow_id = start(flows, {"node": "work.load", "target": "self", "steps": steps(1)})
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert count(flows, flow_id, "work.load") == 2


def test_a_routine_that_is_not_there_fails_its_node_only(flows: Any) -> None:
    flow_id = start(flows, node("a", routine="work.no_such_thing"), node("b"))
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "FINISHED"}


# ---- errors ----


SOME = "ARRAY['{{}}']::JSONB[]"


@pytest.mark.parametrize(
    ("sqlstate", "sql"),
    [
        ("PF001", "SELECT flow.run_flow('no such flow', '{{}}')"),
        ("PF001", "SELECT flow.drop_flow('no such flow')"),
        ("PF002", f"CALL flow.push_steps(0, 'a', {SOME})"),
        ("PF003", f"CALL flow.push_steps({{ended}}, 'no_such_node', {SOME})"),
        ("PF005", f"CALL flow.push_steps({{ended}}, 'a', {SOME})"),
        ("PF002", "SELECT flow.cancel(0)"),
        ("PF002", "CALL flow.wait(0, '1 s')"),
        ("PF004", "CALL flow.finish((0, 'f', '{{}}', 'a', NULL, 0)::flow.callback_arguments_t)"),
        ("PF005", "CALL flow.finish(({ended}, 'f', '{{}}', 'a', NULL, {task})::flow.callback_arguments_t)"),
        ("PF003", "SELECT flow.run_flow('f', '{{}}', ARRAY['no_such_node'])"),
        ("PF002", "SELECT flow.restart_flow(0)"),
        ("PF003", "SELECT flow.restart_flow({ended}, 'no_such_node')"),
        pytest.param("PF002", "SELECT flow.set_priority(0, 1)", marks=later),
    ],
)
def test_errors_have_their_sqlstates(flows: Any, sqlstate: str, sql: str) -> None:
    """``ended`` is a run that has ended, ``task`` its only task."""
    ended = start(flows, node("a"))
    assert wait_run(flows, ended, 30) == "FINISHED"
    task = flows.value("SELECT task_id FROM flow.v_flow_task WHERE flow_id = %s", (ended,))
    error = refused(flows, sqlstate, sql.format(ended=ended, task=task))
    assert error.diag.message_primary
    assert not error.diag.message_primary.endswith(".")
    assert error.diag.message_primary[0].islower()


# ---- transactions and versions ----


def test_a_run_keeps_its_version(flows: Any) -> None:
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        old = start(flows, node("a", routine="work.held"), node("b", "a", steps=steps(1)))
        until(lambda: gate.waiting() == 1, what="a to run")
        new = start(flows, node("c"), node("b", routine="work.no_such_thing"))
        assert wait_run(flows, new, 30) == "FAILED"
    assert wait_run(flows, old, 30) == "FINISHED"
    assert node_states(flows, old) == {"a": "FINISHED", "b": "FINISHED"}
    assert node_states(flows, new) == {"c": "FINISHED", "b": "FAILED"}
    assert count(flows, old) == 3


def test_a_rollback_undoes_what_the_caller_asked_for(flows: Any) -> None:
    with Gate(flows) as gate, flows.connect() as connection:
        procedure(flows, "held", "PERFORM work.gate(1);")
        flow_id = start(flows, node("a", routine="work.held"), node("b", "a"))
        until(lambda: gate.waiting() == 1, what="a to run")
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT flow.run_flow('f', '{}')")
            connection.execute(
                "CALL flow.push_steps(%s, 'b', %s::JSONB[])", (flow_id, [Jsonb(s) for s in steps(1, 2)])
            )
            connection.execute("SELECT flow.cancel(%s)", (flow_id,))
        with connection.transaction():
            connection.execute(
                "CALL flow.push_steps(%s, 'b', %s::JSONB[])", (flow_id, [Jsonb(s) for s in steps(3)])
            )
            assert (
                flows.value(
                    "SELECT count(*)::INT FROM flow.v_flow_task WHERE flow_id = %s AND "
                    "node = 'b' AND NOT is_node",
                    (flow_id,),
                )
                == 0
            )
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert flows.value("SELECT count(*)::INT FROM flow.v_flow_status") == 1
    assert [row.step for row in work.done(flow_id, flows) if row.node == "b"] == [None, "3"]


def test_finished_runs_are_removed_after_their_time(flows: Any, client: Any, orchestrator: Any) -> None:
    """With their nodes, tasks, and arguments; an older run that is open stays as it is."""
    orchestrator.stop()
    keep = {"task_keep_duration": "1 s", "light_maintenance_sleep": "200 ms"}
    flows.execute("SELECT async.configure(%s)", (json.dumps({"control": keep}),))
    orchestrator.start()
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        held = start(flows, node("a", steps=steps(1, 2)), node("b", "a", routine="work.held"), name="held")
        until(lambda: gate.waiting() == 1, what="b to run")
        ended = start(flows, node("a", steps=steps(1, 2)), node("b", "a", target="client"))
        assert wait_run(flows, ended, 30) == "FINISHED"
        for view in ("v_flow_status", "v_flow_node_status", "v_flow_task"):
            left = f"SELECT array_agg(DISTINCT flow_id) FROM flow.{view}"
            until(partial(shows, flows, left, [held]), what=f"the run to leave {view}")
        assert len(node_states(flows, held)) == 2
        assert flows.value("SELECT count(*)::INT FROM flow.v_flow_task WHERE flow_id = %s", (held,)) == 4
    assert wait_run(flows, held, 30) == "FINISHED"


def test_a_callback_may_commit_by_itself(flows: Any, client: Any) -> None:
    for db in (flows, client):
        procedure(
            db,
            "commits",
            "CALL work.run(_args); COMMIT; CALL work.run(_args); ROLLBACK; CALL work.run(_args);",
        )
    kind = {"routine": "work.commits", "step_routine": "work.run", "steps": steps(1)}
    flow_id = start(flows, node("a", **kind), node("b", "a", target="client", **kind))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert (count(flows, flow_id, "a"), count(client, flow_id, "b")) == (3, 3)


def test_what_a_failing_callback_asked_for_does_not_happen(flows: Any, client: Any) -> None:
    told = {
        "fail": ["a", "b"],
        "push": {"a": [{"to": "c", "steps": steps(1)}], "b": [{"to": "c", "steps": steps(2)}]},
    }
    lenient = {"dependencies": [{"parent": p, "continue_on_failure": True} for p in "ab"]}
    flow_id = start(
        flows, node("a"), node("b", target="client"), node("c", steps=steps(3)) | lenient, told=told
    )
    assert wait_run(flows, flow_id, 30) == "FAILED"
    assert sorted(row.step or "" for row in work.done(flow_id, flows, client)) == ["", "3"]


def test_pushing_inside_a_block_with_an_exception_handler(flows: Any, client: Any) -> None:
    """What a block that failed has pushed goes with it, what one that succeeded has pushed stays."""
    for db in (flows, client):
        procedure(
            db,
            "careful",
            """IF (_args).step_arguments IS NOT NULL THEN
                 CALL work.run(_args);
                 RETURN;
               END IF;
               BEGIN
                 CALL flow.push_steps((_args).flow_id, (_args).node, ARRAY['{"step": "kept"}']::JSONB[]);
               EXCEPTION WHEN division_by_zero THEN
                 RAISE;
               END;
               BEGIN
                 CALL flow.push_steps((_args).flow_id, (_args).node, ARRAY['{"step": "lost"}']::JSONB[]);
                 PERFORM 1 / 0;
               EXCEPTION WHEN division_by_zero THEN
                 NULL;
               END;""",
        )
    kind = {"routine": "work.careful"}
    flow_id = start(flows, node("a", **kind), node("b", target="client", **kind))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    rows = work.done(flow_id, flows, client)
    assert sorted((row.node, row.step) for row in rows) == [("a", "kept"), ("b", "kept")]


def test_a_session_on_a_client_reaches_the_server(flows: Any, client: Any) -> None:
    """Once it is told where the server is; before that it is an error with its own SQLSTATE."""
    flow(flows, node("a", target="client"), node("b", "a", target="client"))
    refused(client, "PF008", "SELECT flow.run_flow('f', '{}')")
    client.execute("SELECT async.server(%s)", (flows.conninfo,))
    with Gate(client) as gate:
        procedure(client, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        flow(flows, node("a", target="client", routine="work.held"), node("b", "a", target="client"))
        flow_id = client.value("SELECT flow.run_flow('f', '{}')")
        until(lambda: gate.waiting() == 1, what="a to run")
        push(client, flow_id, "b", *steps(1, 2))
        refused(client, "PF002", "SELECT flow.cancel(0)")
    client.execute("CALL flow.wait(%s, '30 s')", (flow_id,))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert sorted(row.step or "" for row in work.done(flow_id, client)) == ["", "", "1", "2"]


def test_an_idle_server_writes_nothing(flows: Any) -> None:
    """No WAL at all over three seconds, after work was done; a checkpoint of the server's own may cost
    a first try."""
    assert wait_run(flows, start(flows, node("a", steps=steps(1, 2))), 30) == "FINISHED"
    flows.execute("CHECKPOINT")
    written: list[int] = []

    def quiet() -> bool:
        before = flows.value("SELECT pg_current_wal_insert_lsn()")
        flows.execute("SELECT pg_sleep(3)")
        written.append(
            int(
                flows.value(
                    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s::TEXT::PG_LSN)::BIGINT", (before,)
                )
            )
        )
        return written[-1] == 0

    until(quiet, timeout=40, what=f"three seconds without WAL; bytes written so far: {written}")


# ---- seeing ----

COLUMNS = {
    "v_flow_status": "flow_id flow complete run_time count_nodes count_finished_nodes "
    "count_failed_nodes arguments first_error",
    "v_flow_node_status": "flow_id flow node target started finished status steps steps_pending "
    "steps_running steps_finished "
    "steps_failed all_steps_must_complete run_time changed in_progress",
    "v_flow_task": "flow_id node step_arguments is_node task_id target priority entered "
    "consumed processed yielded finish_status "
    "source query failed processing_error concurrency_pool",
    "v_flow_task_status": "flow_id task_id type flow node target started complete run_time status "
    "step_arguments processing_error query",
    "v_flow_configuration": "flow concurrency_group_routine last_execution_time "
    "last_execution_success last_execution_flow_id "
    "count_flows_running count_flows_pending last_error_message",
}


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(v, marks=later if v in ("v_flow_task_status", "v_flow_configuration") else ())
        for v in COLUMNS
    ],
)
def test_views_begin_with_the_columns_that_queries_know(flows: Any, view: str) -> None:
    with flows.connect() as connection:
        found = [
            column.name for column in connection.execute(f"SELECT * FROM flow.{view} LIMIT 0").description
        ]
    wanted = COLUMNS[view].split()
    assert found[: len(wanted)] == wanted


def test_what_the_views_say(flows: Any) -> None:
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        flow_id = start(
            flows, node("a", step_routine="work.held", steps=steps(1, 2)), node("b", "a"), told={"x": 1}
        )
        until(lambda: gate.waiting() == 2, what="the steps to run")
        look = (
            "SELECT status, state, steps, steps_running, in_progress FROM "
            "flow.v_flow_node_status WHERE flow_id = %s ORDER BY node"
        )
        until(
            lambda: flows.execute(look, (flow_id,))[0] == ("Running Steps", "RUNNING_STEPS", 2, 2, True),
            what="a to run its steps",
        )
        assert flows.execute(look, (flow_id,))[1] == ("Pending", "PENDING", 0, 0, False)
        assert flows.execute("SELECT complete, state FROM flow.v_flow_status") == [("No", "RUNNING")]
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    assert flows.execute(look, (flow_id,)) == [
        ("Finished", "FINISHED", 2, 0, False),
        ("Finished", "FINISHED", 0, 0, False),
    ]
    run_row = flows.execute(
        """SELECT flow, complete, run_time IS NOT NULL,
                  count_nodes, count_finished_nodes, count_failed_nodes, arguments, first_error
           FROM flow.v_flow_status WHERE flow_id = %s""",
        (flow_id,),
    )
    assert run_row == [("f", "Yes", True, 2, 2, 0, {"x": 1}, None)]
    times = flows.execute(
        "SELECT started, finished FROM flow.v_flow_node_status WHERE flow_id = %s ORDER BY node", (flow_id,)
    )
    assert times[0][0] <= times[0][1] <= times[1][0] <= times[1][1]
    task_rows = flows.execute(
        """SELECT node, is_node, step_arguments ->> 'step', target, finish_status, failed, processing_error,
                  entered <= consumed AND consumed <= processed, query LIKE 'CALL%%'
           FROM flow.v_flow_task WHERE flow_id = %s ORDER BY 1, 2 DESC, 3""",
        (flow_id,),
    )
    told = ("self", "FINISHED", False, None, True)
    assert [row[:8] for row in task_rows] == [
        ("a", True, None, *told),
        ("a", False, "1", *told),
        ("a", False, "2", *told),
        ("b", True, None, *told),
    ]


@later
def test_what_the_views_to_read_say(flows: Any) -> None:
    flow_id = start(flows, node("a", steps=steps(1, 2)), node("b", "a"))
    assert wait_run(flows, flow_id, 30) == "FINISHED"
    kinds = flows.execute(
        "SELECT type, node, status FROM flow.v_flow_task_status WHERE flow_id = %s ORDER BY 2, 1", (flow_id,)
    )
    assert kinds == [
        ("Node", "a", "Finished"),
        ("Step", "a", "Finished"),
        ("Step", "a", "Finished"),
        ("Node", "b", "Finished"),
    ]
    configured = (
        "SELECT flow, last_execution_success, last_execution_flow_id, "
        "count_flows_running FROM flow.v_flow_configuration"
    )
    assert flows.execute(configured) == [("f", True, flow_id, 0)]


def test_a_runs_end_is_announced(flows: Any) -> None:
    with flows.connect() as connection:
        connection.execute("LISTEN pgflow")
        flow_id = start(flows, node("a"), told={"fail": ["a"]})
        (notice,) = connection.notifies(timeout=10, stop_after=1)
    assert json.loads(notice.payload) == {"flow_id": flow_id, "flow": "f", "state": "FAILED"}
