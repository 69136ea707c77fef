"""What the rules say of PostgreSQL's majors is so: tried on servers of them."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pgflow_build.binaries import MAJORS
from pgflow_build.lint import majors
from pgflow_build.servers import Server

from tests.unit.lint import test_newer_syntax as syntax


@pytest.fixture
def session(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A session in a transaction that is undone, with what the statements take for granted."""
    with server.connect("postgres", autocommit=False) as session:
        session.execute(syntax.SETUP)
        yield session
        session.rollback()


def takes(session: psycopg.Connection[Any], *statements: str) -> bool:
    """Whether the server takes these statements; nothing of them stays."""
    try:
        with session.transaction(force_rollback=True):
            for statement in statements:
                session.execute(statement)
    except psycopg.Error:
        return False
    return True


def routine(statements: str, returns: str = "RETURNS VOID") -> str:
    kind = "FUNCTION" if returns else "PROCEDURE"
    declare = syntax.DECLARE
    return (
        f"CREATE {kind} async.h() {returns} LANGUAGE plpgsql AS $$DECLARE {declare} BEGIN {statements} END$$"
    )


def test_newer_syntax_is_taken_from_that_major_on(session: psycopg.Connection[Any], major: str) -> None:
    for statement, first in (syntax.NEWER | syntax.NEWER_QUERIES).items():
        assert takes(session, statement) == (int(major[:2]) >= first), statement


def test_newer_statements_in_bodies_are_taken_from_that_major_on(
    session: psycopg.Connection[Any], major: str
) -> None:
    for statement, first in syntax.NEWER_STATEMENTS.items():
        if "COMMIT" in statement:
            taken = takes(session, routine(statement, returns=""))
        else:
            taken = takes(session, routine(statement), "SELECT async.h()")
        assert taken == (int(major[:2]) >= first), statement


def test_no_major_takes_a_query_as_an_argument_of_call(session: psycopg.Connection[Any]) -> None:
    call = "CALL async.p((SELECT 1))"
    assert not takes(session, call)
    assert takes(session, "CALL async.p(1)")


def test_table_of_names_is_what_the_server_says(server: Server, major: str) -> None:
    assert majors.MAJORS == MAJORS
    present = majors.names_of(server)
    for kind, names in majors.read().items():
        for name, span in names.items():
            first, _, last = span.partition("-")
            is_there = int(first or 0) <= int(major[:2]) <= int(last or 99)
            assert (name in present[kind]) == is_there, f"{kind} {name}"
