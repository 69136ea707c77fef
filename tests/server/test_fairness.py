"""Who runs next: nobody is held back by what is slow, large, stuck or many; what has priority goes first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.model import work
from tests.model.work import Gate, configure, node_states, procedure
from tests.server.later import later
from tests.support.wait import until, wait_run

SLOW = """IF (_args).step_arguments ->> 'step' = 'slow' OR (_args).node = 'slow' THEN
  PERFORM work.gate(1);
END IF;"""
"""What a callback does that stands at the gate where its step or node is called ``slow``."""
BRIEF = "PERFORM pg_sleep(0.02); CALL work.run(_args);"
"""What a callback does that is too long to share its message with another, and no longer."""


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    work.prepare(db)
    return db


@pytest.fixture
def place(flows: Any, client_db: Any, on: str) -> Any:
    """The database of the target ``narrow``, ours or another one, which has two places."""
    where = {"self": flows, "client": client_db}[on]
    if where is client_db:
        work.prepare(client_db)
    narrow(flows, where, 2)
    return where


both = pytest.mark.parametrize("on", ["self", "client"])


def narrow(db: Any, where: Any, places: int, name: str = "narrow") -> None:
    """Make ``where`` a target with so many places."""
    target = {"target": name, "connection_string": where.conninfo, "max_concurrency": places}
    db.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))


def control(db: Any, **settings: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps({"control": settings}),))


def pools(db: Any, **sizes: int) -> None:
    """Configure concurrency pools."""
    items = [{"concurrency_pool": name, "max_workers": size} for name, size in sizes.items()]
    db.execute("SELECT async.configure(%s)", (json.dumps({"concurrency_pools": items}),))


def stepped(name: str, *keys: Any, **more: Any) -> dict[str, Any]:
    """A node without a routine, with these steps, on ``narrow`` unless told otherwise."""
    steps = [{"step": str(key)} for key in keys]
    return {
        "node": name,
        "target": "narrow",
        "empty": True,
        "step_routine": "work.run",
        "steps": steps,
    } | more


def start(db: Any, name: str, *nodes: dict[str, Any], priority: int = 0) -> int:
    """Configure the flow ``name`` and run it."""
    configure(db, name, {"nodes": list(nodes)})
    return int(db.value("SELECT flow.run_flow(%s, '{}', _priority => %s)", (name, priority)))


def push(db: Any, query: str, count: int = 1, target: str = "self", **more: Any) -> list[int]:
    """Queue ``count`` tasks; ``{n}`` in the query is the number of each.

    ``more``: further arguments of async.task, without their underscore.
    """
    named = "".join(f", _{name} => %({name})s" for name in more)
    sql = f"""SELECT * FROM async.push_tasks(ARRAY(
        SELECT async.task(replace(%(query)s, '{{n}}', n::TEXT), %(target)s{named})
        FROM generate_series(1, %(count)s) n))"""
    rows = db.execute(sql, more | {"query": query, "count": count, "target": target})
    return [task_id for (task_id,) in rows]


def open_tasks(db: Any, task_ids: list[int]) -> int:
    """How many of the tasks have not ended."""
    ended = "SELECT count(*)::INT FROM async.result WHERE task_id = ANY(%s)"
    return len(task_ids) - int(db.value(ended, (task_ids,)))


def end(db: Any, task_ids: list[int], timeout: float = 30) -> None:
    """Wait until the tasks have ended well."""
    until(lambda: open_tasks(db, task_ids) == 0, timeout, "the tasks to end")
    assert db.execute("SELECT DISTINCT status FROM async.result WHERE task_id = ANY(%s)", (task_ids,)) == [
        ("FINISHED",)
    ]


def hold(db: Any, gate: Gate, where: Any, **more: Any) -> list[int]:
    """Have a task stand at the gate in ``where``."""
    before = gate.waiting()
    held = push(db, "SELECT work.gate(1)", **more)
    until(lambda: gate.waiting() == before + 1, what="the task to stand at the gate")
    return held


def known(db: Any) -> None:
    """Return when the orchestrator knows all that was asked so far."""
    db.execute("SELECT async.wait_for_latch()")


def began(where: Any, flow_id: int, node: str | None = None) -> list[Any]:
    """When each of the run's (or the node's) callbacks began, in that order."""
    return sorted(row.begun for row in work.done(flow_id, where) if node in (None, row.node))


def unfinished(db: Any, flow_id: int) -> set[str]:
    """Those nodes of the run that have not finished."""
    return {name for name, state in node_states(db, flow_id).items() if state != "FINISHED"}


# ---- what is slow ----


@both
def test_a_slow_step_holds_back_no_other(flows: Any, place: Any) -> None:
    """Neither those of its batch, nor those of its node, nor others that share its two places."""
    procedure(place, "maybe", f"{SLOW} CALL work.run(_args);")
    keys = [*range(400), "slow", *range(400, 600)]
    with Gate(place) as gate:
        first = start(
            flows, "first", stepped("a", *keys, step_routine="work.maybe"), stepped("b", *range(50))
        )
        until(lambda: gate.waiting() == 1, what="the slow step to stand at the gate")
        second = start(flows, "second", stepped("a", *range(50)))
        assert wait_run(flows, second) == "FINISHED"
        until(lambda: work.count(place, first) == 650, what="all steps but the slow one to end")
        assert gate.waiting() == 1
        until(lambda: node_states(flows, first) == {"a": "RUNNING_STEPS", "b": "FINISHED"}, what="b to end")
    assert wait_run(flows, first) == "FINISHED"
    assert work.count(place, first) == 651


@both
def test_a_slow_node_holds_back_no_other(flows: Any, place: Any) -> None:
    """Nor what depends on those others; all call the same routine, so that they could share its message."""
    procedure(place, "maybe", f"{SLOW} CALL work.run(_args);")
    kind = {"target": "narrow", "routine": "work.maybe"}
    above = [{"node": name} | kind for name in [*(f"n{n}" for n in range(20)), "slow"]]
    below = [
        {"node": f"child_{node['node']}", "dependencies": [{"parent": node["node"]}]} | kind for node in above
    ]
    with Gate(place) as gate:
        flow_id = start(flows, "f", *above, *below)
        until(lambda: work.count(place, flow_id) == 40, what="all others to end")
        open_nodes = {"slow", "child_slow"}
        until(lambda: unfinished(flows, flow_id) == open_nodes, what="all nodes but two to end")
        assert gate.waiting() == 1
    assert wait_run(flows, flow_id) == "FINISHED"


# ---- what is large, and what is many ----


@pytest.mark.parametrize("priority", [0, 9])
@both
def test_a_small_run_ends_while_most_of_a_big_one_waits(flows: Any, place: Any, priority: int) -> None:
    """They are equals, of whatever priority, and share two places."""
    procedure(place, "brief", "PERFORM pg_sleep(0.002); CALL work.run(_args);")
    big = start(flows, "big", stepped("a", *range(5000), step_routine="work.brief"), priority=priority)
    until(lambda: work.count(place, big) > 0, what="the big one to begin")
    small = start(flows, "small", stepped("a", *range(20), step_routine="work.brief"), priority=priority)
    assert wait_run(flows, small) == "FINISHED"
    assert work.count(place, big) < 2500
    flows.execute("SELECT flow.cancel(%s)", (big,))
    assert wait_run(flows, big) == "CANCELED"


@pytest.mark.long
def test_steps_of_a_small_run_do_not_queue_behind_those_of_a_big_one(flows: Any) -> None:
    """Not even while 100,000 pushed steps are still being made tasks of."""
    procedure(
        flows,
        "many",
        """DECLARE
             items JSONB[] := ARRAY(SELECT jsonb_build_object('step', n) FROM generate_series(1, 100000) n);
           BEGIN
             CALL flow.push_steps((_args).flow_id, (_args).node, items);
           END""",
    )
    node = {"node": "a", "target": "self", "routine": "work.many", "step_routine": "work.run"}
    big = start(flows, "big", node)
    until(lambda: work.count(flows, big) > 0, what="the first of the many steps to be done")
    small = start(flows, "small", stepped("a", *range(20), target="self"))
    assert wait_run(flows, small) == "FINISHED"
    assert work.count(flows, big) < 20_000
    flows.execute("SELECT flow.cancel(%s)", (big,))
    assert wait_run(flows, big, 60) == "CANCELED"


def test_many_runs_at_once_all_begin_before_any_ends(flows: Any) -> None:
    """More of them than the engine looks at in a cycle."""
    many = 150
    nodes = [{"node": "a", "target": "self", "routine": "work.run", "steps": [{"step": "1"}, {"step": "2"}]}]
    configure(flows, "f", {"nodes": nodes})
    flows.execute("SELECT async.pause()")
    runs = [
        flow_id
        for (flow_id,) in flows.execute(
            "SELECT flow.run_flow('f', '{}') FROM generate_series(1, %s)", (many,)
        )
    ]
    known(flows)
    flows.execute("SELECT async.resume()")
    for flow_id in runs:
        assert wait_run(flows, flow_id) == "FINISHED"
    ends = "SELECT min(ended) FROM (SELECT max(ended) AS ended FROM work.done GROUP BY flow_id) e"
    first_end = flows.value(ends)
    late = "SELECT count(*)::INT FROM work.done WHERE step IS NULL AND begun > %s"
    assert flows.value(late, (first_end,)) <= 16  # those that a slot is just beginning


# ---- priority ----


@both
def test_priority_holds_across_runs_and_nodes(flows: Any, place: Any) -> None:
    """Also for what is asked for later, while the others are being worked off: what has the lower number
    goes before all that waits, and what is equal goes oldest first."""
    procedure(place, "brief", BRIEF)
    narrow(flows, place, 1)
    brief = {"step_routine": "work.brief"}
    low = start(flows, "low", stepped("a", *range(100, 300), priority=3, **brief), priority=2)
    until(lambda: work.count(place, low) > 2, what="low to be under way")
    high = start(
        flows,
        "high",
        stepped("second", *range(10), priority=1, **brief),
        stepped("first", *range(10), priority=-5, **brief),
    )
    urgent = start(flows, "urgent", stepped("a", *range(5), priority=9, **brief), priority=-100)
    for flow_id in (high, urgent):
        assert wait_run(flows, flow_id) == "FINISHED"
    flows.execute("SELECT flow.cancel(%s)", (low,))
    assert wait_run(flows, low) == "CANCELED"
    first, second = began(place, high, "first"), began(place, high, "second")
    assert first[-1] < second[0]
    between = [moment for moment in began(place, low) if first[0] < moment < second[-1]]
    assert between == [], "something of low began while something better waited"
    begun = began(place, urgent)
    others = [*began(place, low), *first, *second]
    assert [moment for moment in others if begun[0] < moment < begun[-1]] == []
    keys = [row.step for row in sorted(work.done(low, place), key=lambda row: row.begun)]
    assert keys == [str(n) for n in range(100, 100 + len(keys))]


def test_what_is_better_gets_every_place(flows: Any) -> None:
    """Nothing of a lower priority starts while something better waits, however the better is spread over
    runs: one with but a single step leaves its share to its equals."""
    procedure(flows, "brief", BRIEF)
    control(flows, self_concurrency=4)
    brief = {"step_routine": "work.brief", "target": "self"}
    many = start(flows, "many", stepped("a", *range(120), **brief))
    alone = "SELECT count(*) = 4 AND max(cardinality(task_ids)) = 1 FROM async.batch"
    until(lambda: flows.value(alone), what="steps to be sent one at a time, since that long has been seen")
    flows.execute("SELECT async.pause()")
    until(lambda: flows.value("SELECT count(*) = 0 FROM async.batch"), what="all places to be free")
    one = start(flows, "one", stepped("a", 1, **brief))
    worse = start(flows, "worse", stepped("a", *range(20), **brief), priority=5)
    waiting = "SELECT count(*)::INT FROM async.task WHERE owner_id = ANY(%s)"
    until(lambda: flows.value(waiting, ([one, worse],)) == 21, what="all steps to wait")
    flows.execute("SELECT async.resume()")
    for flow_id in (many, one, worse):
        assert wait_run(flows, flow_id) == "FINISHED"
    first = began(flows, worse)[0]
    later = [moment for moment in (*began(flows, many), *began(flows, one)) if moment > first]
    assert len(later) < 4, "more waited than can have been sent together with it"


def test_one_place_that_targets_share_goes_by_priority(flows: Any, client_db: Any) -> None:
    """Tasks of two targets in one pool of one place, one after the other, lower number first."""
    schema = "CREATE TABLE work.turn(n INT, begun TIMESTAMPTZ DEFAULT clock_timestamp(), ended TIMESTAMPTZ)"
    work.prepare(client_db)
    for where in (flows, client_db):
        where.execute(schema)
    narrow(flows, client_db, 4, "client")
    pools(flows, one=1)
    ranks = [("self", 5), ("client", 1), ("self", 3), ("client", 3), ("self", -4), ("client", 0)]
    with Gate(flows) as gate:
        ids = hold(flows, gate, flows, concurrency_pool="one")
        for rank, (target, priority) in enumerate(ranks):
            query = f"INSERT INTO work.turn(n, ended) SELECT {rank}, clock_timestamp() FROM pg_sleep(0.01)"
            ids += push(flows, query, target=target, priority=priority, concurrency_pool="one")
        slots = """SELECT count(*) FROM pg_stat_activity
                   WHERE datname = %s AND application_name LIKE 'pgflow slot%%'"""
        until(lambda: client_db.value(slots, (client_db.name,)) > 0, what="a connection there to be open")
        known(flows)
        later_one = "INSERT INTO work.turn(n, ended) VALUES (6, clock_timestamp())"
        ids += push(flows, later_one, priority=-9, concurrency_pool="one")
        known(flows)
    end(flows, ids)
    turns = sorted(
        (begun, ended, n)
        for where in (flows, client_db)
        for begun, ended, n in where.execute("SELECT begun, ended, n FROM work.turn")
    )
    assert [n for _, _, n in turns] == [6, 4, 5, 1, 2, 3, 0]


@later
def test_set_step_priority_moves_a_step_forward(flows: Any) -> None:
    narrow(flows, flows, 1)
    with Gate(flows) as gate:
        hold(flows, gate, flows, target="narrow")
        flow_id = start(flows, "f", stepped("a", *range(5)))
        waiting = (
            "SELECT task_id FROM flow.v_flow_task WHERE flow_id = %s AND step_arguments ->> 'step' = '4'"
        )
        until(lambda: flows.execute(waiting, (flow_id,)), what="the steps to wait")
        flows.execute(
            "SELECT flow.set_step_priority(%s, %s, -9)", (flow_id, flows.value(waiting, (flow_id,)))
        )
        known(flows)
    assert wait_run(flows, flow_id) == "FINISHED"
    assert work.done(flow_id, flows)[0].step == "4"


# ---- pools and targets ----


def test_a_full_pool_stops_no_other_however_much_waits_for_it(flows: Any) -> None:
    """A hundred priorities better than ours, all for a pool whose only place is taken."""
    pools(flows, stuck=1, free=2)
    with Gate(flows) as gate:
        stuck = hold(flows, gate, flows, concurrency_pool="stuck")
        for priority in range(100):
            stuck += push(flows, "SELECT 1", concurrency_pool="stuck", priority=priority)
        known(flows)
        end(flows, push(flows, "SELECT 1", 30, concurrency_pool="free", priority=1000))
        assert open_tasks(flows, stuck) == len(stuck)
    end(flows, stuck)


def test_a_target_that_is_down_delays_only_its_own(flows: Any) -> None:
    """A hundred priorities better than ours wait for it, in a pool that they share with us."""
    broken = {"target": "broken", "connection_string": f"{flows.conninfo} dbname=no_such_database"}
    flows.execute("SELECT async.configure(%s)", (json.dumps({"targets": [broken]}),))
    pools(flows, shared=2)
    waits: list[int] = []
    for priority in range(100):
        waits += push(flows, "SELECT 1", target="broken", concurrency_pool="shared", priority=priority)
    known(flows)
    end(flows, push(flows, "SELECT 1", 200, concurrency_pool="shared", priority=1000))
    assert open_tasks(flows, waits) == len(waits)
    narrow(flows, flows, 4, "broken")
    end(flows, waits)


def test_the_oldest_go_first_before_it_is_known_how_long_they_take(flows: Any) -> None:
    """None waits in a session behind others that take long, while younger ones begin."""
    control(flows, workers=2)
    pushed = push(flows, "SELECT pg_sleep(0.05)", 100)
    until(lambda: open_tasks(flows, pushed) <= 90, what="ten to end")
    assert open_tasks(flows, pushed[20:]) == 80
    flows.execute("SELECT async.cancel(%s)", (pushed[40:],))


def test_a_busy_target_takes_no_other_targets_turn(flows: Any, client_db: Any) -> None:
    """Long tasks of one target have taken every worker; another one that has no connection yet gets its
    turn all the same."""
    control(flows, workers=2)
    busy = push(flows, "SELECT pg_sleep(0.05)", 300)
    until(lambda: open_tasks(flows, busy) < 298, what="the workers to be taken")
    narrow(flows, client_db, 4, "client")
    end(flows, push(flows, "SELECT 1", 10, target="client"))
    assert open_tasks(flows, busy) > 150
    flows.execute("SELECT async.cancel(%s)", (busy[150:],))
