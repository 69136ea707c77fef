"""The orchestrator dies, and is started again: every run goes on, each step takes effect once."""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest

from tests.model import work
from tests.model.graphs import build
from tests.model.model import outcome
from tests.server.faults import scene
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 1500
LONG = 60 if os.environ.get("PGFLOW_LONG") else 2
"""Seconds that the long callback runs at least; it goes on until it is told that it is enough."""


@pytest.mark.usefixtures("checked")
def test_terminated_at_random_instants(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Its session is ended eight times; the callbacks of both targets go on meanwhile."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    here = scene.start(db, STEPS, sleep=0.002)
    there = scene.start(db, STEPS, target="client", name="there", sleep=0.002)
    hits = 0
    for _ in scene.moments(rng, db, here, STEPS, 8):
        hits += scene.is_open(db, here)
        orchestrator.terminate()
        faults.hit("orchestrator terminated")
        orchestrator.start()
    assert hits >= 4, "the run was over before the orchestrator was ended"
    scene.check_run(db, here, STEPS)
    scene.check_run(db, there, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.usefixtures("checked")
def test_killed_at_random_instants(db: Any, orchestrator: Any, faults: Faults, rng: random.Random) -> None:
    """SIGKILL of its backend, which makes PostgreSQL end every session and recover."""
    scene.prepare(db)
    flow_id = scene.start(db, STEPS, sleep=0.002)
    hits = 0
    for _ in scene.moments(rng, db, flow_id, STEPS, 3):
        hits += scene.is_open(db, flow_id)
        orchestrator.kill9()
        faults.hit("orchestrator killed")
        orchestrator.start()
    assert hits >= 2, "the run was over before the orchestrator was killed"
    scene.check_run(db, flow_id, STEPS)
    scene.check_nothing_is_left(db, orchestrator)


@pytest.mark.usefixtures("checked")
def test_ended_while_runs_begin_and_end(
    db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Sixty small runs, started by and by, while it is ended again and again: also what has no steps
    in flight survives."""
    scene.prepare(db)
    work.configure(
        db,
        "small",
        {
            "nodes": [
                {"node": "a", "target": "self", "routine": "work.run"},
                {"node": "b", "target": "self", "empty": True, "dependencies": [{"parent": "a"}]},
                {
                    "node": "c",
                    "target": "self",
                    "routine": "work.run",
                    "dependencies": [{"parent": "b"}],
                    "steps": [{"step": "1"}],
                },
            ]
        },
    )
    runs = []
    for number in range(60):
        runs.append(work.run(db, "small"))
        if rng.random() < 0.2 or number == 30:
            orchestrator.terminate()
            faults.hit("orchestrator terminated")
            runs.append(work.run(db, "small"))
            orchestrator.start()
    for flow_id in runs:
        assert wait_run(db, flow_id, 60) == "FINISHED"
        assert sorted((r.node, r.step or "") for r in work.done(flow_id, db)) == [
            ("a", ""),
            ("c", ""),
            ("c", "1"),
        ]
    scene.check_nothing_is_left(db, orchestrator)


@pytest.mark.parametrize("target", ["self", "client"])
def test_a_long_callback_outlives_it(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, target: str
) -> None:
    """Restarted twice under a callback that raises a NOTICE ten times a second: it finishes, once,
    undisturbed."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    where = db if target == "self" else client_db
    where.execute("CREATE SEQUENCE work.began")
    where.execute("CREATE TABLE work.enough(enough BOOL)")
    work.procedure(
        where,
        "long",
        f"""DECLARE
              n INT := 0;
            BEGIN
              PERFORM nextval('work.began');
              WHILE n < {LONG * 10} OR NOT EXISTS (SELECT FROM work.enough) LOOP
                n := n + 1;
                RAISE NOTICE 'still here %', n;
                PERFORM pg_sleep(0.1);
              END LOOP;
              CALL work.run(_args);
            END""",
    )
    work.configure(
        db,
        "long",
        {
            "nodes": [
                {"node": "fan", "target": target, "routine": "work.long"},
                {
                    "node": "last",
                    "target": target,
                    "routine": "work.run",
                    "dependencies": [{"parent": "fan"}],
                },
            ]
        },
    )
    long = work.run(db, "long")
    began = "SELECT is_called FROM work.began"
    until(lambda: where.value(began), what="the long callback to begin")
    running = """SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name LIKE 'pgflow%%'
                 AND state = 'active' AND wait_event = 'PgSleep'"""
    (worker,) = where.execute(running, (where.name,))
    for number in range(2):
        orchestrator.terminate()
        faults.hit("orchestrator terminated")
        orchestrator.start()
        scene.check_run(db, scene.start(db, 200, target=target, name=f"other_{number}"), 200, where)
        assert where.execute(running, (where.name,)) == [worker], "the callback no longer runs where it began"
        assert scene.is_open(db, long)
    where.execute("INSERT INTO work.enough VALUES (true)")
    scene.check_run(db, long, 0, where, timeout=LONG + 60)
    assert where.value("SELECT last_value::INT FROM work.began") == 1
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_a_failing_callback_that_outlives_it_is_a_failure(db: Any, orchestrator: Any, faults: Faults) -> None:
    """An adopted callback's own error is what is recorded, not an interruption."""
    scene.prepare(db)
    with work.Gate(db) as gate:
        work.procedure(db, "held", "PERFORM work.gate(1); RAISE EXCEPTION 'its own fault';")
        work.configure(
            db,
            "held",
            {"nodes": [{"node": "a", "target": "self", "routine": "work.held", "on_interrupt": "fail"}]},
        )
        flow_id = work.run(db, "held")
        until(lambda: gate.waiting() == 1, what="the callback to begin")
        orchestrator.terminate()
        faults.hit("orchestrator terminated")
        orchestrator.start()
    assert wait_run(db, flow_id, 60) == "FAILED"
    scene.check_nothing_is_left(db, orchestrator)


def test_taken_over_by_force_in_mid_run(
    db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """One after the other takes over; those that ask without force leave at once."""
    scene.prepare(db)
    flow_id = scene.start(db, STEPS, sleep=0.002)
    followers = []
    for _ in scene.moments(rng, db, flow_id, STEPS, 4):
        with db.connect() as modest:
            modest.execute("CALL async.main()")
        followers.append(scene.take_over(db))
        faults.hit("orchestrator replaced")
    until(lambda: not orchestrator.is_running(), what="the first one to end")
    scene.check_run(db, flow_id, STEPS)
    db.execute("SELECT async.stop()")
    for follower in followers:
        follower.join(30)
        assert not follower.is_alive()
    scene.check_nothing_is_left(db, orchestrator)


@pytest.mark.parametrize("force", [False, True])
def test_started_at_once(db: Any, orchestrator: Any, faults: Faults, rng: random.Random, force: bool) -> None:
    """Four at the same time, again and again in mid-run: one is left. Without force that is the one that was
    there, and the others leave of themselves."""
    scene.prepare(db)
    flow_id = scene.start(db, STEPS, sleep=0.002)
    reigning = orchestrator
    for _ in scene.moments(rng, db, flow_id, STEPS, 3):
        rivals = [Orchestrator(db, force=force) for _ in range(4)]
        for rival in rivals:
            rival.launch()
        faults.hit("orchestrators started at once", len(rivals))
        everyone = [reigning, *rivals]
        until(lambda all_=everyone: sum(one.is_running() for one in all_) == 1, what="all but one to end")
        (reigning,) = (one for one in everyone if one.is_running())
        if not force:
            assert reigning is orchestrator
            assert [rival.error for rival in rivals] == [None] * 4
    scene.check_run(db, flow_id, STEPS)
    scene.check_nothing_is_left(db, reigning)


def test_a_stop_in_mid_run_loses_nothing(db: Any, orchestrator: Any, rng: random.Random) -> None:
    scene.prepare(db)
    flow_id = scene.start(db, STEPS, sleep=0.002)
    for _ in scene.moments(rng, db, flow_id, STEPS, 3):
        orchestrator.stop()
        assert orchestrator.error is None
        orchestrator.start()
    scene.check_run(db, flow_id, STEPS)
    scene.check_nothing_is_left(db, orchestrator)


@pytest.mark.parametrize("how", ["times_out", "is_canceled"])
def test_an_adopted_callback_is_still_in_hand(db: Any, orchestrator: Any, faults: Faults, how: str) -> None:
    """Its time goes on running under the next orchestrator, and a cancel reaches it."""
    scene.prepare(db)
    with work.Gate(db) as gate:
        work.procedure(db, "held", "PERFORM work.gate(1);")
        held = {
            "node": "a",
            "target": "self",
            "empty": True,
            "step_routine": "work.held",
            "steps": [{"step": "1"}],
        }
        work.configure(
            db, "held", {"nodes": [held | ({"step_timeout": "2 s"} if how == "times_out" else {})]}
        )
        flow_id = work.run(db, "held")
        until(lambda: gate.waiting() == 1, what="the callback to begin")
        orchestrator.terminate()
        faults.hit("orchestrator terminated")
        orchestrator.start()
        assert gate.waiting() == 1
        if how == "is_canceled":
            db.execute("SELECT flow.cancel(%s)", (flow_id,))
        state = wait_run(db, flow_id, 30)
        until(lambda: gate.waiting() == 0, what="the callback to be interrupted")
    (ended,) = db.execute(
        "SELECT finish_status FROM flow.v_flow_task WHERE flow_id = %s AND NOT is_node", (flow_id,)
    )
    assert (state, *ended) == {"times_out": ("FAILED", "TIMED_OUT"), "is_canceled": ("CANCELED", "CANCELED")}[
        how
    ]
    scene.check_nothing_is_left(db, orchestrator)


def test_what_is_asked_while_none_is_there(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults
) -> None:
    """Runs, steps, finishes and cancels wait for the next one, on the server and in a client's callback."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="later", connection_string=db.conninfo, asynchronous_finish=True)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    db.execute("CREATE TABLE work.asked(args flow.callback_arguments_t)")
    work.procedure(db, "ask", "INSERT INTO work.asked VALUES (_args);")
    nodes = [
        {"node": "asks", "target": "later", "routine": "work.ask"},
        {"node": "fan", "target": "client", "routine": "work.held", "step_routine": "work.run"},
        {
            "node": "last",
            "target": "self",
            "routine": "work.run",
            "dependencies": [{"parent": "asks"}, {"parent": "fan"}],
        },
    ]
    with work.Gate(client_db) as gate:
        work.procedure(client_db, "held", "PERFORM work.gate(1); CALL work.fan(_args);")
        work.configure(db, "asking", {"nodes": nodes})
        first = work.run(db, "asking", {"steps": 20})
        given_up = work.run(db, "asking", {"steps": 0})
        until(lambda: gate.waiting() == 2, what="the callbacks of both runs to begin")
        asked = "SELECT count(*)::INT FROM work.asked"
        until(lambda: db.value(asked) == 2, what="both to have asked")
        orchestrator.terminate()
        faults.hit("orchestrator terminated")
        db.execute(
            """DO $$ DECLARE a flow.callback_arguments_t; BEGIN
               SELECT (args).* INTO a FROM work.asked ORDER BY (args).flow_id LIMIT 1;
               CALL flow.finish(a); END $$"""
        )
        db.execute("CALL flow.push_steps(%s, 'last', ARRAY['{\"step\": \"pushed\"}']::JSONB[])", (first,))
        db.execute("SELECT flow.cancel(%s)", (given_up,))
        second = work.run(db, "asking", {"steps": 1})
        db.execute("SELECT flow.cancel(%s)", (second,))
    until(lambda: work.count(client_db, first) == 1, what="the callback to end without an orchestrator")
    orchestrator.start()
    assert wait_run(db, first, 60) == "FINISHED"
    assert work.count(client_db, first) == 21
    assert [row.step for row in work.done(first, db)] == [None, "pushed"]
    assert wait_run(db, given_up, 30) == wait_run(db, second, 30) == "CANCELED"
    assert work.count(db, given_up) == work.count(db, second) == 0
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.usefixtures("checked")
def test_random_graphs_outlive_it(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Graphs with every kind of failure in them, it being ended again and again: the states are still
    the model's."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    runs = []
    for number in range(8):
        graph = build(rng.randint(20, 120), rng, ("self", "client"))
        work.configure(db, f"graph_{number}", work.configuration(graph))
        sleep = {node.name: 0.01 for node in graph.nodes}
        runs.append((graph, work.run(db, f"graph_{number}", work.arguments(graph) | {"sleep": sleep})))
        if rng.random() < 0.7:
            time.sleep(rng.uniform(0, 0.3))
            orchestrator.terminate()
            faults.hit("orchestrator terminated")
            orchestrator.start()
    for graph, flow_id in runs:
        wait_run(db, flow_id, 120)
        rows = work.done(flow_id, db, client_db)
        work.check_effects(rows, outcome(graph))
        work.check_states(db, flow_id, outcome(graph))
        work.check_order(rows, graph)
    scene.check_nothing_is_left(db, orchestrator, client_db)
