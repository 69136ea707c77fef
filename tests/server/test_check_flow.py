"""flow.check_flow(): what a flow calls, asked of every target before a run."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.model import work
from tests.model.work import configure, procedure
from tests.support.database import Database, create_database
from tests.support.wait import until

ROLE = "pgflow_check_limited"


@pytest.fixture
def flows(db: Database, client_db: Database) -> Database:
    """A server with a client that is its target ``client``, both with the callbacks; no orchestrator runs."""
    work.prepare(db, client_db)
    target(db, "client", client_db.conninfo)
    return db


def target(db: Database, name: str, conninfo: str | None, **more: Any) -> None:
    """Make ``conninfo`` a target."""
    one = {"target": name, "connection_string": conninfo} | more
    db.execute("SELECT async.configure(%s)", [json.dumps({"targets": [one]})])


def calling(name: str, routine: str, on: str = "client", **more: Any) -> dict[str, Any]:
    """A node of the name that calls the routine."""
    return {"node": name, "target": on, "routine": routine} | more


def checked(db: Database, *nodes: dict[str, Any], timeout: str = "10 s") -> dict[str, str | None]:
    """Configure the flow ``f`` and return what is wrong with each of its nodes."""
    configure(db, "f", {"nodes": list(nodes)})
    return {
        f"{node} {kind}".removesuffix(" node"): problem
        for node, kind, problem in db.execute(
            "SELECT node, kind, problem FROM flow.check_flow('f', %s)", [timeout]
        )
    }


@contextmanager
def a_limited_role(where: Database) -> Iterator[str]:
    """A role that may do nothing in ``where``, and the connection string with which it comes there."""
    where.execute(f"CREATE ROLE {ROLE} LOGIN")
    try:
        yield where.server.conninfo(where.name) + f" user={ROLE}"
    finally:
        where.execute(f"DROP OWNED BY {ROLE}")
        where.execute(f"DROP ROLE {ROLE}")


def test_what_can_be_called_has_no_problem(flows: Database, client_db: Database) -> None:
    client_db.execute(f"ALTER DATABASE {client_db.name} SET search_path = work, public")
    procedure(client_db, '"Odd Name"', "NULL;")
    client_db.execute(
        """CREATE PROCEDURE work.more(_args flow.callback_arguments_t, _more INT DEFAULT 0)
           LANGUAGE plpgsql AS $$ BEGIN END $$"""
    )
    nodes = [
        calling("a", "work.run", "self"),
        calling("b", "work.run", step_routine="work.more"),
        calling("c", "run"),
        calling("d", 'work."Odd Name"'),
        {"node": "joint", "target": "self", "empty": True},
    ]
    assert checked(flows, *nodes) == {"a": None, "b": None, "b step": None, "c": None, "d": None}


@pytest.mark.parametrize(
    ("routine", "problem"),
    [
        ("work.no_such", "procedure work.no_such does not exist"),
        ("run", "procedure run does not exist"),
        ("nowhere.run", "schema nowhere does not exist"),
        ("work.is_function", "work.is_function is no procedure"),
        ("work.other", "procedure work.other does not take one flow.callback_arguments_t"),
        ("work.greedy", "procedure work.greedy does not take one flow.callback_arguments_t"),
    ],
)
def test_what_cannot_be_called_is_told(
    flows: Database, client_db: Database, routine: str, problem: str
) -> None:
    client_db.execute(
        """CREATE FUNCTION work.is_function(_args flow.callback_arguments_t) RETURNS INT LANGUAGE sql
             AS 'SELECT 1';
           CREATE PROCEDURE work.other(_args TEXT) LANGUAGE plpgsql AS 'BEGIN END';
           CREATE PROCEDURE work.greedy(_args flow.callback_arguments_t, _more INT)
             LANGUAGE plpgsql AS 'BEGIN END'"""
    )
    assert checked(flows, calling("a", routine), calling("b", "work.run")) == {"a": problem, "b": None}
    with client_db.connect() as session, pytest.raises(psycopg.Error):
        session.execute(f"CALL {routine}(NULL::flow.callback_arguments_t)")


def test_the_role_of_the_target_counts(flows: Database, client_db: Database) -> None:
    with a_limited_role(client_db) as conninfo:
        target(flows, "limited", conninfo)
        node = calling("a", "work.run", "limited")
        for schema in ("async", "flow", "work"):
            assert checked(flows, node) == {"a": f"role {ROLE} may not use schema {schema}"}
            client_db.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
        client_db.execute("REVOKE ALL ON PROCEDURE work.run FROM PUBLIC")
        assert checked(flows, node) == {"a": f"role {ROLE} may not execute procedure work.run"}
        client_db.execute(f"GRANT EXECUTE ON PROCEDURE work.run TO {ROLE}")
        assert checked(flows, node) == {"a": None}


def test_a_target_that_cannot_be_asked_is_a_row(flows: Database) -> None:
    """One that refuses connections, one that never answers, one without our extension, one that is not used,
    and one for workers outside the database, whose routines nobody can ask about."""
    bare = create_database(flows.server)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target(flows, "down", "host=127.0.0.1 port=1 dbname=nowhere")
        target(flows, "silent", f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=nowhere")
        target(flows, "bare", bare.conninfo)
        target(flows, "unused", flows.conninfo, enabled=False)
        target(flows, "outside", None)
        names = ("down", "silent", "bare", "unused", "outside", "client")
        found = checked(flows, *(calling(name, "work.run", name) for name in names), timeout="2 s")
        left = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgflow inspector%'"
        until(lambda: flows.value(left) == 0, 1, "the sessions that asked to be gone while one still waits")
    bare.drop()
    down = found.pop("down") or ""
    assert down.startswith("target cannot be asked: ")
    assert "port 1" in down
    assert found == {
        "silent": "target does not answer",
        "bare": "extension pgflow is not installed on target",
        "unused": "target is not enabled",
        "outside": None,
        "client": None,
    }


def test_a_target_that_was_removed_is_a_row(flows: Database) -> None:
    target(flows, "gone", flows.conninfo)
    configure(flows, "f", {"nodes": [calling("a", "work.run", "gone")]})
    flows.execute("DELETE FROM async.target WHERE target = 'gone'")
    assert flows.execute("SELECT problem FROM flow.check_flow('f')") == [("target does not exist",)]


def test_flows_that_steps_run_are_checked_too(flows: Database) -> None:
    configure(flows, "leaf", {"nodes": [calling("z", "work.no_such"), calling("a", "work.run")]})
    runs = {"node": "item", "target": "self", "empty": True, "steps_to_flow": "leaf"}
    configure(flows, "middle", {"nodes": [runs, runs | {"node": "again"}]})
    nodes = [runs | {"node": "b", "steps_to_flow": "middle"}, calling("a", "work.run", "self")]
    configure(flows, "f", {"nodes": nodes})
    assert flows.execute("SELECT flow, node, problem IS NULL FROM flow.check_flow('f')") == [
        ("f", "a", True),
        ("leaf", "z", False),
        ("leaf", "a", True),
    ]


def test_an_unknown_flow_is_an_error(flows: Database) -> None:
    with pytest.raises(psycopg.Error) as caught:
        flows.execute("SELECT flow.check_flow('no such flow')")
    assert caught.value.sqlstate == "PF001"
