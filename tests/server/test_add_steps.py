"""flow.add_steps(): steps that a callback adds to its own node, and how many of them it is told were new."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.model import work
from tests.model.work import configure, count, procedure, run
from tests.support.wait import wait_run

OWN = "IF (_args).step_arguments IS NULL THEN {} ELSE CALL work.run(_args); END IF;"
"""A callback that does something as its node's own routine, and as a step only writes down that it ran."""


@pytest.fixture
def flows(db: Any, client_db: Any, orchestrator: Any) -> Any:
    """A server with a client that is its target ``client``, both with the callbacks."""
    work.prepare(db, client_db)
    target = {"target": "client", "connection_string": client_db.conninfo}
    db.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))
    for one in (db, client_db):
        one.execute("CREATE TABLE work.said(n SERIAL, added BIGINT)")
    return db


def add(*steps: str) -> str:
    """SQL that adds these steps and writes down what it was told."""
    items = ", ".join(f"""'{{"step": "{step}"}}'""" for step in steps)
    return f"INSERT INTO work.said(added) SELECT flow.add_steps(_args, ARRAY[{items}]::JSONB[]);"


def a_run(flows: Any, target: str, **more: Any) -> int:
    """Run the flow of the one node ``a``, which calls work.adding, to its end."""
    configure(flows, "f", {"nodes": [{"node": "a", "target": target, "routine": "work.adding"} | more]})
    flow_id = run(flows, "f")
    assert wait_run(flows, flow_id) == "FINISHED"
    return flow_id


def said(where: Any) -> list[int]:
    """What the callbacks were told, in order."""
    return [added for (added,) in where.execute("SELECT added FROM work.said ORDER BY n")]


@pytest.mark.parametrize("target", ["self", "client"])
def test_what_the_same_transaction_has_pushed_is_not_new(flows: Any, client_db: Any, target: str) -> None:
    where = flows if target == "self" else client_db
    own = "CALL flow.push_steps((_args).flow_id, 'a', ARRAY['{\"step\": \"0\"}']::JSONB[]);"
    procedure(where, "adding", OWN.format(own + add("0", "1", "2") + add("2", "3", "3") + add("1")))
    flow_id = a_run(flows, target)
    assert said(where) == [2, 1, 0]
    assert count(where, flow_id) == 4


def test_nothing_is_no_step(flows: Any) -> None:
    none = "INSERT INTO work.said(added) VALUES (flow.add_steps(_args, '{}')), (flow.add_steps(_args, NULL));"
    procedure(flows, "adding", OWN.format(none))
    flow_id = a_run(flows, "self")
    assert said(flows) == [0, 0]
    assert count(flows, flow_id) == 0


def test_the_server_knows_steps_of_the_definition_and_those_that_are_queued(flows: Any) -> None:
    procedure(
        flows,
        "adding",
        f"""IF (_args).step_arguments IS NULL THEN {add("1", "2")}
            ELSE CALL work.run(_args); {add("1", "2", "3")} END IF;""",
    )
    flow_id = a_run(flows, "self", steps=[{"step": "1"}], max_concurrency=None)
    assert said(flows)[0] == 1, "one of the two is known from the definition"
    assert said(flows)[1] == 1, "the step that runs first knows itself and the other"
    assert count(flows, flow_id) == 3


def test_steps_that_a_failed_callback_added_are_not_there(flows: Any) -> None:
    flows.execute("CREATE SEQUENCE work.attempt")
    failing = add("1") + "IF nextval('work.attempt') < 2 THEN RAISE EXCEPTION 'not yet'; END IF;"
    procedure(flows, "adding", OWN.format(failing))
    flow_id = a_run(flows, "self", retries=1, retry_delay="10 ms")
    assert said(flows) == [1]
    assert count(flows, flow_id) == 1
