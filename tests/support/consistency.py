"""What must hold of a server's database whenever a test is over: its tables agree, and no session is left."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg

from tests.support.promises import InconsistentError, StuckError
from tests.support.wait import until

PROBLEMS = "SELECT check_name, subject, message FROM flow.check_consistency() ORDER BY 1, 2, 3"
CAN_BE_CHECKED = "SELECT to_regprocedure('flow.check_consistency()') IS NOT NULL"
IS_SERVED = "SELECT async.find_orchestrator_pid() IS NOT NULL"
SESSIONS = """
SELECT application_name, state, query FROM pg_stat_activity
WHERE datname = %s AND application_name LIKE 'pgflow%%'
"""
SHOWN = 20
"""How many problems a message lists."""


class Checked(Protocol):
    """A database that can be checked."""

    name: str

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new session."""
        ...


def problems(session: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    """Return what flow.check_consistency() finds: check, subject, message."""
    return session.execute(PROBLEMS).fetchall()


def check_consistency(db: Checked) -> None:
    """Raise InconsistentError if the tables of pgflow do not agree with each other."""
    with db.connect() as session:
        raise_if_any(problems(session))


def raise_if_any(found: list[tuple[str, str, str]]) -> None:
    """Raise InconsistentError that lists what has been found, if anything has."""
    if found:
        lines = [" | ".join(problem) for problem in found[:SHOWN]]
        raise InconsistentError("\n    ".join([f"{len(found)} problems:", *lines]), len(found))


@contextmanager
def checked_all_the_time(db: Checked, pause: float = 0.03) -> Iterator[None]:
    """Check the database again and again meanwhile, also after its server or our session has been ended.

    Raises InconsistentError in the end if anything was found.
    """
    over = threading.Event()
    found: list[tuple[str, str, str]] = []
    asked = 0

    def ask() -> None:
        nonlocal asked
        while not over.wait(pause):
            try:
                with db.connect() as session:
                    while not found and not over.wait(pause):
                        found.extend(problems(session))
                        asked += 1
            except psycopg.OperationalError:
                continue

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join(30)
        print(f"checked {asked} times")
        raise_if_any(found)


def check_no_session_is_left(db: Checked, timeout: float = 30) -> None:
    """Raise InconsistentError if sessions of the engine are left in the database after a while."""
    with db.connect() as session:
        wait_for_sessions_to_end(session, db.name, timeout)


def wait_for_sessions_to_end(session: psycopg.Connection[Any], name: str, timeout: float = 30) -> None:
    """Raise InconsistentError if sessions of the engine are left in the database ``name`` after a while."""
    try:
        until(lambda: not session.execute(SESSIONS, [name]).fetchall(), timeout, "they are gone")
    except StuckError:
        left = session.execute(SESSIONS, [name]).fetchall()
        raise InconsistentError(f"sessions left in {name}: {left[:SHOWN]}", len(left)) from None


def check_what_is_left(db: Checked) -> None:
    """Check a database whose test is over, if it has pgflow's server part still."""
    with db.connect() as session:
        if session.execute(CAN_BE_CHECKED).fetchone() == (True,):
            if session.execute(IS_SERVED).fetchone() == (False,):
                wait_for_sessions_to_end(session, db.name)
            raise_if_any(problems(session))
