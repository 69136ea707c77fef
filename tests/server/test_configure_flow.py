"""flow.configure_flow and what reads definitions: what is taken, stored, given back, refused at once."""

from __future__ import annotations

import graphlib
import json
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.wait import until

SELF = {"target": "self"}
TABLES = (
    "flow.definition",
    "flow.flow",
    "flow.definition_node",
    "flow.definition_edge",
    "flow.definition_mutex",
)


def node(name: str, *parents: str, **keys: Any) -> dict[str, Any]:
    return (
        {"node": name} | SELF | ({"dependencies": [{"parent": p} for p in parents]} if parents else {}) | keys
    )


def joint(name: str, *parents: str) -> dict[str, Any]:
    return {"node": name, "empty": True, "dependencies": [{"parent": parent} for parent in parents]}


def configure(db: Any, configuration: Any, flow: str | None = "f", append: bool = False) -> None:
    db.execute("SELECT flow.configure_flow(%s, %s, %s)", (flow, json.dumps(configuration), append))


def nodes(db: Any, *given: dict[str, Any], flow: str = "f", append: bool = False, **more: Any) -> None:
    configure(db, {"nodes": list(given)} | more, flow, append)


def contents(db: Any) -> dict[str, list[Any]]:
    return {table: db.execute(f"SELECT t::TEXT FROM {table} t ORDER BY 1") for table in TABLES}


def refusal(
    db: Any, configuration: Any, flow: str | None = "f", append: bool = False
) -> psycopg.errors.Diagnostic:
    """The one error that the configuration raises; it must have changed nothing."""
    before = contents(db)
    with pytest.raises(psycopg.Error) as caught:
        configure(db, configuration, flow, append)
    diag = caught.value.diag
    assert diag.sqlstate == "PF006", caught.value
    assert diag.message_primary == f'configuration of flow "{flow or ""}" is not valid'
    assert contents(db) == before
    return diag


def wrong(db: Any, *given: Any, append: bool = False, **more: Any) -> list[str]:
    """The lines of the error that the nodes raise."""
    return str(refusal(db, {"nodes": list(given)} | more, append=append).message_detail).split("\n")


def stored(db: Any, column: str, flow: str = "f") -> list[Any]:
    """A column of the nodes of the current version, in order."""
    rows = db.execute(
        f"SELECT n.{column} FROM flow.definition_node n JOIN flow.flow f USING (definition_id) "
        "WHERE f.flow = %s ORDER BY n.node_no",
        (flow,),
    )
    return [value for (value,) in rows]


def edges(db: Any, flow: str = "f") -> set[tuple[str, str, bool]]:
    rows = db.execute(
        "SELECT p.node, c.node, e.continue_on_failure "
        "FROM flow.flow f JOIN flow.definition_edge e USING (definition_id) "
        "JOIN flow.definition_node p ON (p.definition_id, p.node_no) = (e.definition_id, e.parent_no) "
        "JOIN flow.definition_node c ON (c.definition_id, c.node_no) = (e.definition_id, e.child_no) "
        "WHERE f.flow = %s",
        (flow,),
    )
    assert len(rows) == len(set(rows))
    return set(rows)


def versions(db: Any, flow: str = "f") -> list[int]:
    rows = db.execute("SELECT version FROM flow.definition WHERE flow = %s ORDER BY definition_id", (flow,))
    return [version for (version,) in rows]


def open_run(db: Any, is_open: bool) -> None:
    """Let every flow seem to have an open run, or none."""
    db.execute(
        "CREATE OR REPLACE FUNCTION flow.has_open_run(_flow TEXT) RETURNS BOOL LANGUAGE sql STABLE AS "
        f"'SELECT {is_open}'"
    )


# ---- what is taken ----


def test_a_node_with_nothing_but_defaults(db: Any) -> None:
    nodes(db, node("sales.load"))
    expected = {
        "node_no": 1,
        "node": "sales.load",
        "target": "self",
        "routine": "sales.load",
        "step_routine": "sales.load",
        "empty": False,
        "all_steps_must_complete": True,
        "synchronous": False,
        "priority": 0,
        "node_timeout": None,
        "step_timeout": None,
        "max_concurrency": None,
        "retries": 0,
        "retry_delay::TEXT": "00:00:01",
        "retry_backoff": 2.0,
        "retry_max_delay::TEXT": "01:00:00",
        "retry_on": None,
        "on_interrupt": "retry",
        "steps_to_flow": None,
        "steps": None,
        "parents": 0,
    }
    assert {column: stored(db, column) for column in expected} == {c: [v] for c, v in expected.items()}
    rows = db.execute(
        "SELECT flow, version, nodes, concurrency_group_routine, created_by FROM flow.definition"
    )
    assert rows == [("f", 1, 1, None, db.value("SELECT session_user::TEXT"))]


def test_a_node_with_every_key(db: Any) -> None:
    nodes(db, node("x"), flow="other")
    keys = {
        "node_routine": "a.first",
        "step_routine": "a.each",
        "steps": [{"n": 1}, {"n": 2}, "three", None, {"n": 1}],
        "all_steps_must_complete": False,
        "synchronous": True,
        "priority": -7,
        "node_timeout": "2 hours",
        "step_timeout": 90.5,
        "max_concurrency": 3,
        "retries": 4,
        "retry_delay": "10 s",
        "retry_backoff": 1.5,
        "retry_max_delay": "5 min",
        "retry_on": ["40001", "08", "PF0AB"],
        "on_interrupt": "fail",
    }
    nodes(db, node("x", **keys), node("y", "x", steps_to_flow="other", empty=False, routine="b.c"))
    expected = {
        "routine": ["a.first", "b.c"],
        "step_routine": ["a.each", None],
        "steps": [[{"n": 1}, {"n": 2}, "three", None], None],
        "all_steps_must_complete": [False, True],
        "synchronous": [True, False],
        "priority": [-7, 0],
        "node_timeout::TEXT": ["02:00:00", None],
        "step_timeout::TEXT": ["00:01:30.5", None],
        "max_concurrency": [3, None],
        "retries": [4, 0],
        "retry_delay::TEXT": ["00:00:10", "00:00:01"],
        "retry_backoff": [1.5, 2.0],
        "retry_max_delay::TEXT": ["00:05:00", "01:00:00"],
        "retry_on": [["40001", "08", "PF0AB"], None],
        "on_interrupt": ["fail", "retry"],
        "steps_to_flow": [None, "other"],
        "parents": [0, 1],
    }
    assert {column: stored(db, column) for column in expected} == expected


def test_null_is_the_default_of_every_key(db: Any) -> None:
    keys = db.execute("SELECT jsonb_object_keys(flow.get_configuration_rules() -> 'node')")
    nodes(db, node("x"), flow="short")
    nodes(
        db,
        dict.fromkeys(key for (key,) in keys) | node("x"),
        flow="long",
        mutexes=None,
        concurrency_group_routine=None,
    )
    rows = [
        db.execute(
            "SELECT to_jsonb(n) - 'definition_id' "
            "FROM flow.definition_node n JOIN flow.flow USING (definition_id) WHERE flow = %s",
            (flow,),
        )
        for flow in ("short", "long")
    ]
    assert rows[0] == rows[1] != []


def test_which_routine_is_called(db: Any) -> None:
    nodes(
        db,
        node("a"),
        node("b", routine="r"),
        node("c", routine="r", step_routine="s"),
        node("d", routine="r", node_routine="n"),
        node("e", node_routine="n"),
        node("f", step_routine="s"),
        node("g", empty=True, step_routine="s"),
        node("h", empty=True),
        joint("i"),
    )
    assert stored(db, "routine") == ["a", "r", "r", "n", "n", "f", None, None, None]
    assert stored(db, "step_routine") == ["a", "r", "s", "r", "e", "s", "s", "h", "i"]
    assert stored(db, "target") == ["self"] * 8 + [None]


def test_routines_are_stored_ready_to_be_called(db: Any) -> None:
    """Whatever their names hold."""
    db.execute('CREATE SCHEMA "Odd ""one""; --"; CREATE SCHEMA "select"; CREATE TABLE called(name TEXT)')
    names = {
        '"Odd ""one""; --"."x.y"': '"Odd ""one""; --"."x.y"',
        '"Odd ""one""; --".plain': '"Odd ""one""; --"."plain"',
        "select.table": '"select"."table"',
        "select.order$1": '"select"."order$1"',
        '"select"."Grün"': '"select"."Grün"',
        "public.user": '"public"."user"',
        "public.grün": '"public"."grün"',
    }
    body = "LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.called VALUES ('x'); END$$"
    for procedure in names.values():
        db.execute(f"CREATE PROCEDURE {procedure}() {body}")
    nodes(db, *(node(f"n{number}", routine=name) for number, name in enumerate(names)))
    for routine in stored(db, "routine"):
        db.execute(f"CALL {routine}()")
    assert db.value("SELECT count(*) FROM called") == len(names)
    nodes(db, node("select.table"), node("order"))
    assert stored(db, "routine") == ['"select"."table"', '"order"']


def test_edges(db: Any) -> None:
    lenient = {
        "dependencies": [
            {"parent": "a", "continue_on_failure": True},
            {"parent": "c", "continue_on_failure": None},
        ]
    }
    nodes(db, node("d", "b", "c"), node("c", "a"), node("b", **lenient), node("a", dependencies=[]))
    assert edges(db) == {
        ("b", "d", False),
        ("c", "d", False),
        ("a", "c", False),
        ("a", "b", True),
        ("c", "b", False),
    }
    assert stored(db, "parents") == [2, 1, 2, 0]


def test_mutexes(db: Any) -> None:
    nodes(db, node("a"), node("b"), node("c"), mutexes=[["c", "a"], ["b"], ["a", "b", "c"]])
    rows = db.execute("SELECT mutex_no, node_no FROM flow.definition_mutex ORDER BY 1, 2")
    assert rows == [(1, 1), (1, 3), (2, 2), (3, 1), (3, 2), (3, 3)]


def test_concurrency_group_routine(db: Any) -> None:
    db.execute('CREATE SCHEMA work; CREATE SCHEMA "Other"')
    create = "CREATE FUNCTION {}(bigint, text) RETURNS {} LANGUAGE sql AS 'SELECT $2'"
    for name, result in (("work.pool", "TEXT"), ('"Other"."P"', "VARCHAR"), ("work.common", "TEXT")):
        db.execute(create.format(name, result))
    db.execute(create.format('"Other".common', "TEXT"))
    for given, found in (
        ("work.pool", "work.pool"),
        ("pool", "work.pool"),
        ('"Other"."P"', '"Other"."P"'),
        ('"P"', '"Other"."P"'),
        ("work.common", "work.common"),
    ):
        nodes(db, node("a"), concurrency_group_routine=given, flow=given.replace('"', ""))
        flow = given.replace('"', "")
        assert (
            db.value("SELECT concurrency_group_routine FROM flow.definition WHERE flow = %s", (flow,))
            == found
        )
    said = wrong(db, node("a"), concurrency_group_routine="common")
    assert said == ['concurrency_group_routine: common may mean "Other".common or work.common']


@pytest.mark.parametrize("flow", ["a", "Month-end closing", "grün 2", "x" * 63, 'it\'s "Odd" $$ %s \\ é;'])
def test_names_of_flows_are_free(db: Any, flow: str) -> None:
    nodes(db, node("a"), flow=flow)
    assert db.value("SELECT flow FROM flow.flow") == flow


# ---- versions ----


def test_every_change_makes_a_version_and_nothing_else_does(db: Any) -> None:
    one, two = [node("a")], [node("a"), node("b", "a", steps=[1])]
    nodes(db, *one)
    nodes(db, *one)
    assert versions(db) == [1]
    nodes(db, *two, mutexes=[["a", "b"]])
    before = contents(db)
    nodes(db, *two, mutexes=[["a", "b"]])
    configure(db, {"flow": "f", "mutexes": [["a", "b"]], "nodes": two})
    nodes(db, two[1], append=True)
    configure(db, {}, append=True)
    assert contents(db) == before
    nodes(db, *one)
    assert versions(db) == [1, 2, 3]
    rows = db.execute("SELECT definition_id, node FROM flow.definition_node ORDER BY definition_id, node_no")
    assert [name for _, name in rows] == ["a", "a", "b", "a"]
    assert db.value("SELECT version FROM flow.flow JOIN flow.definition USING (definition_id)") == 3
    nodes(db, node("a"), flow="g")
    assert versions(db, "g") == [1]


def test_another_function_of_the_same_name_makes_a_version(db: Any) -> None:
    db.execute(
        "CREATE SCHEMA one; CREATE FUNCTION one.pool(bigint, text) RETURNS TEXT LANGUAGE sql AS 'SELECT $2'"
    )
    nodes(db, node("a"), concurrency_group_routine="pool")
    db.execute("CREATE SCHEMA two; ALTER FUNCTION one.pool SET SCHEMA two")
    nodes(db, node("a"), concurrency_group_routine="pool")
    rows = db.execute("SELECT concurrency_group_routine FROM flow.definition ORDER BY version")
    assert rows == [("one.pool",), ("two.pool",)]


def test_two_configurations_follow_each_other_and_runs_may_start(db: Any) -> None:
    nodes(db, node("a"))
    configuring = "SELECT flow.configure_flow('f', %s, TRUE)"
    of_second = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
    with db.connect(autocommit=False) as first, db.connect() as second, ThreadPoolExecutor() as threads:
        first.execute(configuring, (json.dumps({"nodes": [node("b")]}),))
        db.execute("SET lock_timeout = '2 s'")
        assert db.value("SELECT definition_id FROM flow.flow FOR KEY SHARE") == db.value(
            "SELECT definition_id FROM flow.definition WHERE version = 1"
        )
        waiting = threads.submit(second.execute, configuring, (json.dumps({"nodes": [node("c")]}),))
        until(lambda: db.value(of_second, (second.info.backend_pid,)), what="the second to wait")
        first.commit()
        waiting.result(timeout=30)
    assert stored(db, "node") == ["a", "b", "c"]
    assert versions(db) == [1, 2, 3]


# ---- append ----


def test_append_merges_by_name(db: Any) -> None:
    nodes(db, node("a", priority=1, retries=2), node("b", "a", steps=[1, 2]), mutexes=[["a", "b"]])
    nodes(
        db,
        node("c", "b"),
        {"node": "b", "dependencies": [], "steps": [3]},
        {"node": "a", "priority": 5, "retries": None},
        append=True,
    )
    assert stored(db, "node") == ["a", "b", "c"]
    assert stored(db, "priority") == [5, 0, 0]
    assert stored(db, "retries") == [0, 0, 0]
    assert stored(db, "steps") == [None, [3], None]
    assert edges(db) == {("b", "c", False)}
    assert db.value("SELECT count(*) FROM flow.definition_mutex JOIN flow.flow USING (definition_id)") == 2
    configure(db, {"mutexes": None}, append=True)
    assert db.value("SELECT count(*) FROM flow.definition_mutex JOIN flow.flow USING (definition_id)") == 0
    assert stored(db, "node") == ["a", "b", "c"]
    assert versions(db) == [1, 2, 3]


def test_append_adds_mutexes(db: Any) -> None:
    """What a mutex excludes already, in whatever order, is not added; it makes no version of its own."""
    nodes(db, node("a"), node("b"), node("c"), mutexes=[["a", "b"]])
    nodes(db, node("d"), append=True, mutexes=[["b", "a"], ["d", "c"], ["b"]])
    assert db.value("SELECT configuration->'mutexes' FROM flow.definition WHERE version = 2") == [
        ["a", "b"],
        ["d", "c"],
    ]
    configure(db, {"mutexes": [["c", "d"]]}, append=True)
    assert versions(db) == [1, 2]
    configure(db, {"mutexes": [["a", "b", "c"]]}, append=True)
    members = "SELECT mutex_no, node_no FROM flow.definition_mutex JOIN flow.flow USING (definition_id)"
    assert db.execute(f"{members} ORDER BY 1, 2") == [
        (1, 1), (1, 2), (2, 3), (2, 4), (3, 1), (3, 2), (3, 3)
    ]  # fmt: skip
    assert wrong(db, append=True, mutexes=["a", ["zz"]]) == [
        "mutexes[4] must be an array of names of nodes",
        'mutexes[5]: node "zz" does not exist',
    ]


def test_append_to_nothing_creates(db: Any) -> None:
    nodes(db, node("a"), append=True)
    assert stored(db, "node") == ["a"]


def test_without_append_the_old_definition_is_gone(db: Any) -> None:
    nodes(db, node("a"), node("b"), mutexes=[["a", "b"]])
    nodes(db, node("c"))
    assert stored(db, "node") == ["c"]
    assert db.value("SELECT count(*) FROM flow.definition_mutex JOIN flow.flow USING (definition_id)") == 0


def test_what_is_wrong_after_an_append(db: Any) -> None:
    """What the two say together counts; an unnamed node is called by its place in what was given."""
    nodes(db, node("a"), node("b", "a"), joint("j", "b"))
    said = wrong(
        db,
        {"priority": "high"},
        {"node": "a", "dependencies": [{"parent": "j"}]},
        {"node": "j", "routine": "x"},
        node("c", "nowhere"),
        node("c"),
        "d",
        append=True,
    )
    assert said == [
        'nodes[1] has no key "node"',
        "nodes[6] is not an object",
        'node "j": is empty, so it takes no routine',
        'node "c": is defined twice',
        'node "c": parent "nowhere" does not exist',
        "dependencies form a cycle: a -> b -> j -> a",
    ]


# ---- what is refused: each alone ----

A = node("a")
WRONG_NODES: list[tuple[Any, list[str]]] = [
    # keys
    (node("b", prioritty=1), ['node "b": unknown key "prioritty" (did you mean "priority"?)']),
    (node("b", Steps=[]), ['node "b": unknown key "Steps" (did you mean "steps"?)']),
    (node("b", timeout=1), ['node "b": unknown key "timeout" (did you mean "node_timeout"?)']),
    (node("b", zzz=1), ['node "b": unknown key "zzz"']),
    (node("b", zzz=None), ['node "b": unknown key "zzz"']),
    (node("b", zzz=False), ['node "b": unknown key "zzz"']),
    (node("b", **{'new\n"line': 1}), ['node "b": unknown key "new\\n\\"line"']),
    # names
    (SELF, ['nodes[2] has no key "node"']),
    (SELF | {"node": None}, ['nodes[2] has no key "node"']),
    ("b", ["nodes[2] is not an object"]),
    (None, ["nodes[2] is not an object"]),
    ([A], ["nodes[2] is not an object"]),
    (node(5), ["nodes[2]: node must be an identifier in lower case"]),  # type: ignore[arg-type]
    (node("B"), ['node "B": node must be an identifier in lower case']),
    (node(""), ['node "": node must be an identifier in lower case']),
    (node("b c"), ['node "b c": node must be an identifier in lower case']),
    (node('"B"'), ['node "\\"B\\"": node must be an identifier in lower case']),
    (node("1b"), ['node "1b": node must be an identifier in lower case']),
    (node("a.b.c"), ['node "a.b.c": node must be an identifier in lower case']),
    (node("b" * 64), [f'node "{"b" * 64}": node must be an identifier in lower case']),
    (node("b", routine="Load"), ['node "b": routine must be the name of a routine']),
    (node("b", routine="load()"), ['node "b": routine must be the name of a routine']),
    (node("b", routine=""), ['node "b": routine must be the name of a routine']),
    (node("b", node_routine=1), ['node "b": node_routine must be the name of a routine']),
    (node("b", step_routine="a.b.c"), ['node "b": step_routine must be the name of a routine']),
    (node("b", step_routine='"b'), ['node "b": step_routine must be the name of a routine']),
    # targets
    ({"node": "b"}, ['node "b": target is missing']),
    ({"node": "b", "target": None}, ['node "b": target is missing']),
    ({"node": "b", "empty": False}, ['node "b": target is missing']),
    ({"node": "b", "empty": True, "steps": [1]}, ['node "b": target is missing, but its steps need one']),
    (node("b", target="slef"), ['node "b": target "slef" does not exist (did you mean "self"?)']),
    (node("b", target=""), ['node "b": target "" does not exist']),
    (node("b", target=1), ['node "b": target must be a string, not 1']),
    (joint("b") | {"target": "sefl"}, ['node "b": target "sefl" does not exist (did you mean "self"?)']),
    # booleans
    (node("b", empty="yes"), ['node "b": empty must be true or false, not "yes"']),
    (
        node("b", all_steps_must_complete=0),
        ['node "b": all_steps_must_complete must be true or false, not 0'],
    ),
    (node("b", synchronous="true"), ['node "b": synchronous must be true or false, not "true"']),
    (node("b", synchronous=[]), ['node "b": synchronous must be true or false, not an array']),
    # numbers
    (
        node("b", priority="high"),
        ['node "b": priority must be an integer from -2147483648 to 2147483647, not "high"'],
    ),
    (node("b", priority=1.5), ['node "b": priority must be an integer']),
    (node("b", priority=2**31), ['node "b": priority must be an integer']),
    (node("b", priority=True), ['node "b": priority must be an integer']),
    (node("b", max_concurrency=0), ['node "b": max_concurrency must be an integer from 1 to']),
    (node("b", max_concurrency="4"), ['node "b": max_concurrency must be an integer from 1 to']),
    (node("b", retries=-1), ['node "b": retries must be an integer from 0 to']),
    (node("b", retries=1e300), ['node "b": retries must be an integer from 0 to']),
    (node("b", retry_backoff=0.5), ['node "b": retry_backoff must be a number from 1 to']),
    (node("b", retry_backoff="2"), ['node "b": retry_backoff must be a number from 1 to']),
    (node("b", retry_backoff={}), ['node "b": retry_backoff must be a number from 1 to']),
    # intervals
    (node("b", node_timeout="soon"), ['node "b": node_timeout must be an interval']),
    (node("b", node_timeout=0), ['node "b": node_timeout must be an interval']),
    (node("b", node_timeout="-1 s"), ['node "b": node_timeout must be an interval']),
    (node("b", step_timeout="infinity"), ['node "b": step_timeout must be an interval']),
    (node("b", step_timeout="200 years"), ['node "b": step_timeout must be an interval']),
    (node("b", step_timeout=True), ['node "b": step_timeout must be an interval']),
    (node("b", retry_delay="-1 s"), ['node "b": retry_delay must be an interval']),
    (node("b", retry_delay=[1]), ['node "b": retry_delay must be an interval']),
    (node("b", retry_max_delay="1 parsec"), ['node "b": retry_max_delay must be an interval']),
    # steps
    (node("b", steps={"n": 1}), ['node "b": steps must be an array, not an object']),
    (node("b", steps="x"), ['node "b": steps must be an array, not "x"']),
    # SQLSTATEs
    (node("b", retry_on="40001"), ['node "b": retry_on must be an array of SQLSTATEs']),
    (
        node("b", retry_on=["40001", "deadlock_detected"]),
        ['node "b": retry_on must be an array of SQLSTATEs'],
    ),
    (node("b", retry_on=["4000"]), ['node "b": retry_on must be an array of SQLSTATEs']),
    (node("b", retry_on=["p0001"]), ['node "b": retry_on must be an array of SQLSTATEs']),
    (node("b", retry_on=["00"]), ['node "b": retry_on must be an array of SQLSTATEs']),
    (node("b", retry_on=[40001]), ['node "b": retry_on must be an array of SQLSTATEs']),
    (node("b", retry_on=[["40001"]]), ['node "b": retry_on must be an array of SQLSTATEs']),
    # words
    (node("b", on_interrupt="rerun"), ['node "b": on_interrupt must be one of retry, fail, not "rerun"']),
    (node("b", on_interrupt=1), ['node "b": on_interrupt must be one of retry, fail, not 1']),
    # flows of steps
    (
        node("b", steps_to_flow="othre"),
        ['node "b": steps_to_flow: flow "othre" does not exist (did you mean "other"?)'],
    ),
    (node("b", steps_to_flow="f"), ['node "b": steps_to_flow: a flow cannot run itself']),
    (node("b", steps_to_flow=1), ['node "b": steps_to_flow must be a string, not 1']),
    # contradictions
    (joint("b") | {"routine": "x"}, ['node "b": is empty, so it takes no routine']),
    (joint("b") | {"node_routine": "x"}, ['node "b": is empty, so it takes no node_routine']),
    (joint("b") | {"synchronous": True}, ['node "b": is empty, so there is no routine to be synchronous']),
    (
        node("b", steps_to_flow="other", step_routine="x"),
        ['node "b": its steps run a flow (steps_to_flow), so it takes no step_routine'],
    ),
    (
        node("b", retry_delay=10, retry_max_delay="5 s"),
        ['node "b": retry_max_delay is less than retry_delay'],
    ),
    # dependencies
    (node("b", "aa"), ['node "b": parent "aa" does not exist (did you mean "a"?)']),
    (node("b", "A"), ['node "b": parent "A" does not exist (did you mean "a"?)']),
    (node("b", "zzz"), ['node "b": parent "zzz" does not exist']),
    (node("b", "a", "a"), ['node "b": depends on "a" twice']),
    (node("b", "a", "a", "a"), ['node "b": depends on "a" 3 times']),
    (node("b", "b"), ['node "b": depends on itself']),
    (node("b", dependencies={"parent": "a"}), ['node "b": dependencies must be an array, not an object']),
    (
        node("b", dependencies=["a"]),
        ['node "b": dependencies[1] must be an object, as in {"parent": "name"}'],
    ),
    (node("b", dependencies=[None]), ['node "b": dependencies[1] must be an object']),
    (node("b", dependencies=[{}]), ['node "b": dependencies[1]: parent must be the name of a node']),
    (
        node("b", dependencies=[{"parent": 1}]),
        ['node "b": dependencies[1]: parent must be the name of a node'],
    ),
    (
        node("b", dependencies=[{"parent": "a", "continue_on_failure": "yes"}]),
        ['node "b": dependencies[1]: continue_on_failure must be true or false, not "yes"'],
    ),
    (
        node("b", dependencies=[{"parent": "a", "continue_on_falure": True}]),
        ['node "b": dependencies[1]: unknown key "continue_on_falure" (did you mean "continue_on_failure"?)'],
    ),
    # nodes
    (node("a"), ['node "a": is defined twice']),
]


def check_lines(said: list[str], expected: list[str], case: Any) -> None:
    assert len(said) == len(expected), (case, said)
    for line, start in zip(said, expected, strict=True):
        assert line == start or (start[-1].isalpha() and line.startswith(start)), (case, said)


def test_each_wrong_node(db: Any) -> None:
    nodes(db, node("x"), flow="other")
    for given, expected in WRONG_NODES:
        check_lines(wrong(db, A, given), expected, given)


WRONG_FLOWS: list[tuple[Any, list[str]]] = [
    (None, ["it must be an object with the key nodes"]),
    ([A], ["it must be an object with the key nodes"]),
    ("x", ["it must be an object with the key nodes"]),
    ({}, ["there are no nodes"]),
    ({"nodes": []}, ["there are no nodes"]),
    ({"nodes": None}, ["there are no nodes"]),
    ({"nodes": {"node": "a"}}, ["nodes must be an array, not an object"]),
    ({"nods": [], "nodes": [A]}, ['unknown key "nods" (did you mean "nodes"?)']),
    ({"flow": "g", "nodes": [A]}, ['flow "g" is not the flow that is configured']),
    ({"flow": 1, "nodes": [A]}, ["flow must be a name of 1 to 63 bytes"]),
    ({"mutexes": {"a": "a"}, "nodes": [A]}, ["mutexes must be an array, not an object"]),
    ({"mutexes": ["a"], "nodes": [A]}, ["mutexes[1] must be an array of names of nodes"]),
    ({"mutexes": [["a"], []], "nodes": [A]}, ["mutexes[2] must be an array of names of nodes"]),
    ({"mutexes": [["a", 1]], "nodes": [A]}, ["mutexes[1]: 1 is not the name of a node"]),
    ({"mutexes": [["a", "b"]], "nodes": [A]}, ['mutexes[1]: node "b" does not exist']),
    ({"mutexes": [["aa"]], "nodes": [A]}, ['mutexes[1]: node "aa" does not exist (did you mean "a"?)']),
    ({"mutexes": [["a", "a"]], "nodes": [A]}, ['mutexes[1] names "a" more than once']),
    (
        {"concurrency_group_routine": "work.pol", "nodes": [A]},
        [
            "concurrency_group_routine: there is no function work.pol(bigint, text) that returns text "
            '(did you mean "work.pool"?)'
        ],
    ),
    (
        {"concurrency_group_routine": "work.other_arguments", "nodes": [A]},
        ["concurrency_group_routine: there is no function work.other_arguments(bigint, text) that"],
    ),
    (
        {"concurrency_group_routine": "work.other_result", "nodes": [A]},
        ["concurrency_group_routine: there is no function work.other_result(bigint, text) that returns text"],
    ),
    (
        {"concurrency_group_routine": "work.pool()", "nodes": [A]},
        ["concurrency_group_routine must be the name of a routine"],
    ),
    (
        {"concurrency_group_routine": 5, "nodes": [A]},
        ["concurrency_group_routine must be the name of a routine"],
    ),
]


def test_each_wrong_flow(db: Any) -> None:
    db.execute("CREATE SCHEMA work")
    for signature in (
        "pool(bigint, text) RETURNS TEXT",
        "other_arguments(bigint, int) RETURNS TEXT",
        "other_result(bigint, text) RETURNS BOOL",
    ):
        db.execute(f"CREATE FUNCTION work.{signature} LANGUAGE sql AS 'SELECT NULL::{signature.split()[-1]}'")
    nodes(db, node("before"))
    for given, expected in WRONG_FLOWS:
        said = str(refusal(db, given).message_detail).split("\n")
        assert len(said) == 1, (given, said)
        assert said[0].startswith(expected[0]), (given, said)


def test_wrong_names_of_flows(db: Any) -> None:
    for flow in (None, "", "x" * 64, " f", "f\n", "a\tb", "host=a"):
        with pytest.raises(psycopg.Error) as caught:
            nodes(db, A, flow=flow)  # type: ignore[arg-type]
        assert caught.value.sqlstate == "PF006", flow
        assert str(caught.value.diag.message_detail).startswith("the name of a flow must have 1 to 63 bytes")
    assert db.value("SELECT count(*) FROM flow.definition") == 0


def test_sql_null_is_refused(db: Any) -> None:
    with pytest.raises(psycopg.Error) as caught:
        db.execute("SELECT flow.configure_flow('f', NULL)")
    assert caught.value.sqlstate == "PF006"


# ---- what is refused: together ----


def test_everything_wrong_is_named_at_once_in_the_order_of_the_configuration(db: Any) -> None:
    given = {
        "nods": 1,
        "mutexes": [["b", "x"]],
        "nodes": [
            node("b", "a", "c", prioritty=1, retries="two"),
            node("A", target="slef"),
            17,
            node("c", "b", on_interrupt="explode", node_timeout="x"),
            node("d", "d", "nowhere", steps=3),
            node("d", empty=True, routine="x"),
        ],
    }
    diag = refusal(db, given)
    assert diag.message_detail == "\n".join(
        [
            'mutexes[1]: node "x" does not exist',
            "nodes[3] is not an object",
            'unknown key "nods" (did you mean "nodes"?)',
            'node "b": parent "a" does not exist (did you mean "A"?)',
            'node "b": retries must be an integer from 0 to 1000000, not "two"',
            'node "b": unknown key "prioritty" (did you mean "priority"?)',
            'node "A": node must be an identifier in lower case, as in "name" or "schema.name", '
            'of at most 63 bytes each, not "A"',
            'node "A": target "slef" does not exist (did you mean "self"?)',
            'node "c": node_timeout must be an interval, or a number of seconds, of more than zero and '
            'at most 100 years, not "x"',
            'node "c": on_interrupt must be one of retry, fail, not "explode"',
            'node "d": depends on itself',
            'node "d": is defined twice',
            'node "d": parent "nowhere" does not exist',
            'node "d": steps must be an array, not 3',
            'node "d": is empty, so it takes no routine',
            "dependencies form a cycle: b -> c -> b",
        ]
    )
    assert diag.message_hint == "Make a target known with async.configure() first."
    assert refusal(db, given).message_detail == diag.message_detail


def test_all_wrong_nodes_together(db: Any) -> None:
    """Each wrong node of above under a name of its own: every line is there that is there for it alone."""
    nodes(db, node("x"), flow="other")
    named = [
        (given, expected)
        for given, expected in WRONG_NODES
        if isinstance(given, dict) and given.get("node") == "b" and "depends on itself" not in expected[0]
    ]
    for start in range(0, len(named), 40):
        batch = named[start : start + 40]
        said = wrong(db, A, *(given | {"node": f"b{number}"} for number, (given, _) in enumerate(batch)))
        wanted = [
            line.replace('"b"', f'"b{number}"', 1)
            for number, (_, lines) in enumerate(batch)
            for line in lines
        ]
        check_lines(said, wanted, "all")


def test_many_problems_are_counted(db: Any) -> None:
    said = wrong(db, *(node(f"n{number:03}", "nowhere") for number in range(120)))
    assert len(said) == 51
    assert said[0] == 'node "n000": parent "nowhere" does not exist'
    assert said[-1] == "and 70 more"


# ---- cycles ----


def test_cycles_are_told_with_their_paths(db: Any) -> None:
    said = wrong(
        db,
        node("a"),
        node("b", "a", "d"),
        node("c", "b"),
        node("d", "c"),
        node("y", "x"),
        node("x", "y", "a"),
    )
    assert said == ["dependencies form a cycle: b -> c -> d -> b", "dependencies form a cycle: y -> x -> y"]


def test_a_cycle_of_repeated_dependencies_is_told_once(db: Any) -> None:
    said = wrong(db, node("a", "b", "b"), node("b", "a", "a", "b"))
    assert said == [
        'node "a": depends on "b" twice',
        'node "b": depends on "a" twice',
        'node "b": depends on itself',
        "dependencies form a cycle: a -> b -> a",
    ]


def test_a_long_cycle_is_cut_short(db: Any) -> None:
    said = wrong(db, node("n0", "n99"), *(node(f"n{number}", f"n{number - 1}") for number in range(1, 100)))
    shown = " -> ".join(f"n{number}" for number in range(20))
    assert said == [f"dependencies form a cycle: {shown} -> (80 more) -> n0"]


def test_at_most_ten_cycles_are_told(db: Any) -> None:
    pairs = [(f"a{number:02}", f"b{number:02}") for number in range(15)]
    said = wrong(db, *(node(x, y) for x, y in pairs), *(node(y, x) for x, y in pairs))
    assert said == [f"dependencies form a cycle: {x} -> {y} -> {x}" for x, y in pairs[:10]]


def random_graph(seed: int) -> dict[str, list[str]]:
    """Parents by node, in an order of its own; about half have cycles."""
    source = random.Random(seed)
    size = source.randint(2, 40)
    names = [f"n{number}" for number in range(size)]
    forward = seed % 2 == 0
    graph = {
        name: sorted(
            set(source.choices(names[:place] if forward else names, k=source.randint(0, 3))) - {name}
        )
        if place
        else []
        for place, name in enumerate(names)
    }
    order = source.sample(names, size)
    return {name: graph[name] for name in order}


def has_cycle(graph: dict[str, list[str]]) -> bool:
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError:
        return True
    return False


def test_cycles_are_found_wherever_there_are_any(db: Any) -> None:
    found = 0
    for seed in range(60):
        graph = random_graph(seed)
        given = [node(name, *parents) for name, parents in graph.items()]
        if not has_cycle(graph):
            nodes(db, *given)
            assert edges(db) == {(parent, name, False) for name in graph for parent in graph[name]}
            continue
        found += 1
        used: set[tuple[str, str]] = set()
        for line in wrong(db, *given):
            path = line.removeprefix("dependencies form a cycle: ").split(" -> ")
            if "(" in line:
                continue
            steps = list(pairwise(path))
            assert path[0] == path[-1]
            assert len(set(path)) == len(path) - 1
            assert all(parent in graph[child] for parent, child in steps), (seed, line)
            assert used.isdisjoint(steps), (seed, line)
            used.update(steps)
        rest = {name: [parent for parent in graph[name] if (parent, name) not in used] for name in graph}
        assert not has_cycle(rest), f"seed {seed}: a cycle was not told"
    assert 15 < found < 30


# ---- steps that run flows ----


def test_flows_that_run_each_other(db: Any) -> None:
    nodes(db, node("x"), flow="c")
    nodes(db, node("x", steps_to_flow="c"), flow="b")
    nodes(db, node("x", steps_to_flow="b"), flow="a")
    said = str(refusal(db, {"nodes": [node("x", steps_to_flow="a")]}, "c").message_detail)
    assert said == 'node "x": steps_to_flow: flow "a" runs flow "c" in turn'
    nodes(db, node("x", steps_to_flow="b"), node("y", steps_to_flow="c"), flow="a")


# ---- walk_flow ----


def walk(db: Any, flow: str = "f") -> list[Any]:
    return db.execute("SELECT parent, child, path, depth FROM flow.walk_flow(%s)", (flow,))


def test_walk(db: Any) -> None:
    nodes(db, node("d", "b", "c"), node("a"), node("b", "a"), node("c", "b"), node("e", "d", "a"), node("z"))
    assert walk(db) == [
        (None, "a", ["a"], 0),
        ("a", "b", ["a", "b"], 1),
        ("b", "d", ["a", "b", "d"], 2),
        ("d", "e", ["a", "b", "d", "e"], 3),
        ("b", "c", ["a", "b", "c"], 2),
        ("c", "d", ["a", "b", "c", "d"], 3),
        ("a", "e", ["a", "e"], 1),
        (None, "z", ["z"], 0),
    ]


def shortest(graph: dict[str, list[str]]) -> dict[str, int]:
    """Fewest edges from a root, by node."""
    depth: dict[str, int] = {}
    for name in graphlib.TopologicalSorter(graph).static_order():
        depth[name] = min((depth[parent] + 1 for parent in graph[name]), default=0)
    return depth


def test_walk_gives_each_edge_once_with_a_shortest_way(db: Any) -> None:
    for seed in range(0, 40, 2):
        graph = random_graph(seed)
        nodes(db, *(node(name, *parents) for name, parents in graph.items()))
        depths = shortest(graph)
        rows = walk(db)
        assert sorted((parent, child) for parent, child, _, _ in rows if parent) == sorted(
            (parent, name) for name in graph for parent in graph[name]
        )
        assert {child for parent, child, _, _ in rows if parent is None} == {n for n in graph if not graph[n]}
        for parent, child, path, depth in rows:
            assert depth == len(path) - 1 == (depths[parent] + 1 if parent else 0)
            assert path[-1] == child
            assert parent is None or path[-2] == parent
            assert graph[path[0]] == []
            assert all(before in graph[after] for before, after in pairwise(path))


def test_walk_is_not_exponential(db: Any) -> None:
    """Forty layers of three nodes, all with all: 3 to the power of 40 ways."""
    layers = [[f"n{layer}_{place}" for place in range(3)] for layer in range(40)]
    given = [node(name) for name in layers[0]]
    for above, layer in pairwise(layers):
        given += [node(name, *above) for name in layer]
    nodes(db, *given)
    db.execute("SET statement_timeout = '5 s'")
    assert len(walk(db)) == 3 + 39 * 9


def test_walk_of_no_flow(db: Any) -> None:
    nodes(db, A, flow="known")
    with pytest.raises(psycopg.Error) as caught:
        walk(db, "know")
    assert caught.value.sqlstate == "PF001"
    assert caught.value.diag.message_hint == 'Did you mean "known"?'


# ---- configuration ----


def test_what_configuration_gives_is_taken_back(db: Any) -> None:
    """By another database, all at once, in the order given: flows come after those that their steps run."""
    assert db.value("SELECT flow.configuration()") == []
    db.execute("CREATE FUNCTION public.pool(bigint, text) RETURNS TEXT LANGUAGE sql AS 'SELECT $2'")
    nodes(db, node("x"), flow="z")
    nodes(db, node("x", steps_to_flow="z"), flow="b")
    nodes(
        db,
        node("x", steps_to_flow="z", priority=None, steps=[{"null": None}, 'it\'s "odd"']),
        node("y", "x", steps_to_flow="b", retry_on=["08"], node_timeout=1.5),
        mutexes=[["x", "y"]],
        concurrency_group_routine="pool",
        flow="a",
    )
    nodes(db, node("x"), flow="dropped")
    open_run(db, False)
    db.execute("SELECT flow.drop_flow('dropped')")
    given = db.value("SELECT flow.configuration()")
    assert [item["flow"] for item in given] == ["z", "b", "a"]
    take_back = "SELECT flow.configure_flow(c ->> 'flow', c) FROM jsonb_array_elements(%s::JSONB) c"
    before = contents(db)
    db.execute(take_back, (json.dumps(given),))
    assert contents(db) == before
    for flow in ("a", "b", "z"):
        db.execute("SELECT flow.drop_flow(%s)", (flow,))
    assert db.value("SELECT flow.configuration()") == []
    db.execute(take_back, (json.dumps(given),))
    assert db.value("SELECT flow.configuration()") == given
    old, new = (
        db.execute(
            "SELECT flow, to_jsonb(n) - 'definition_id' FROM flow.definition JOIN flow.definition_node n "
            "USING (definition_id) WHERE version = %s AND flow <> 'dropped' ORDER BY flow, node_no",
            (version,),
        )
        for version in (1, 2)
    )
    assert old == new != []


# ---- drop_flow ----


def dropping(db: Any, flow: str) -> psycopg.Error:
    before = contents(db)
    with pytest.raises(psycopg.Error) as caught:
        db.execute("SELECT flow.drop_flow(%s)", (flow,))
    assert contents(db) == before
    return caught.value


def test_drop_flow(db: Any) -> None:
    nodes(db, A)
    nodes(db, A, flow="g")
    open_run(db, True)
    assert dropping(db, "f").sqlstate == "PF005"
    open_run(db, False)
    db.execute("SELECT flow.drop_flow('f')")
    assert db.execute("SELECT flow FROM flow.flow") == [("g",)]
    assert versions(db) == [1]
    assert dropping(db, "f").sqlstate == "PF001"
    nodes(db, A)
    assert versions(db) == [1, 2]


def test_drop_of_no_flow(db: Any) -> None:
    nodes(db, A, flow="closing")
    for name, hint in (("closng", 'Did you mean "closing"?'), ("zzz", "Make it with flow.configure_flow().")):
        error = dropping(db, name)
        assert (error.sqlstate, error.diag.message_hint) == ("PF001", hint)
        assert error.diag.message_primary == f'flow "{name}" does not exist'


def test_a_flow_that_others_run_is_not_dropped(db: Any) -> None:
    open_run(db, False)
    nodes(db, A, flow="inner")
    nodes(db, node("a", steps_to_flow="inner"), flow="outer")
    error = dropping(db, "inner")
    assert error.sqlstate == "PF005"
    assert '"outer"' in str(error.diag.message_detail)
    nodes(db, A, flow="outer")
    db.execute("SELECT flow.drop_flow('inner')")


# ---- size ----


def dependent(number: int, parents: Iterable[int]) -> dict[str, Any]:
    return node(f"node_{number:05}", *(f"node_{parent:05}" for parent in parents))


def big_graphs() -> dict[str, list[dict[str, Any]]]:
    size = 10_000
    source = random.Random(1)
    wild = [dependent(n, source.sample(range(n), min(n, 2))) for n in range(size)]
    return {
        "chain": [dependent(n, range(max(0, n - 2), n)) for n in range(size)],
        "random": wild,
        "backwards": wild[::-1],
        "wide": [
            dependent(0, []),
            *(dependent(n, [0]) for n in range(1, size - 1)),
            dependent(size, range(1, size - 1)),
        ],
    }


@pytest.mark.long
def test_ten_thousand_nodes(db: Any) -> None:
    """A limit that only what is not linear exceeds."""
    db.execute("SET statement_timeout = '8 s'")
    for name, graph in big_graphs().items():
        nodes(db, *graph, flow=name)
        assert len(stored(db, "node", name)) == 10_000
        assert len(edges(db, name)) == sum(len(item.get("dependencies", ())) for item in graph)
        nodes(db, {"node": graph[5000]["node"], "priority": 1}, append=True, flow=name)
        assert len(edges(db, name)) == sum(len(item.get("dependencies", ())) for item in graph)
    assert len(walk(db, "random")) >= 19_997


@pytest.mark.long
def test_ten_thousand_wrong_nodes(db: Any) -> None:
    db.execute("SET statement_timeout = '8 s'")
    ring = [dependent(0, [9_999]), *(dependent(n, [n - 1]) for n in range(1, 10_000))]
    said = wrong(db, *ring)
    assert len(said) == 1
    assert said[0].startswith("dependencies form a cycle: node_00000 -> node_00001 -> ")
    said = wrong(db, *(dependent(n, [n + 50_000]) | {"prioritty": 1} for n in range(10_000)))
    assert len(said) == 51
    assert said[-1] == "and 19950 more"
    said = wrong(db, *(dependent(n, [n ^ 1]) for n in range(10_000)))
    assert len(said) == 10


# ---- real workflows ----

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT.parent / "shared" / "workflows"


def workflows() -> list[Path]:
    return sorted(WORKFLOWS.glob("*.json")) or sorted((ROOT / "examples" / "workflows").glob("*.json"))


@pytest.mark.skipif(
    not workflows(), reason="../shared/workflows is absent: some of its licences keep it out of here"
)
def test_real_workflows(db: Any) -> None:
    db.execute("SET statement_timeout = '8 s'")
    for path in workflows():
        graph = {item["node"]: item["parents"] for item in json.loads(path.read_text())["nodes"]}
        nodes(db, *(node(name, *parents) for name, parents in graph.items()), flow=path.stem)
        assert stored(db, "node", path.stem) == list(graph)
        assert edges(db, path.stem) == {(parent, name, False) for name in graph for parent in graph[name]}
        depths = shortest(graph)
        rows = walk(db, path.stem)
        assert len(rows) == sum(max(1, len(parents)) for parents in graph.values())
        assert all(depth == (depths[parent] + 1 if parent else 0) for parent, _, _, depth in rows)
    assert db.value("SELECT count(*) FROM flow.flow") == len(workflows())
