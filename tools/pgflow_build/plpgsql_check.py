"""Has the extension plpgsql_check read every PL/pgSQL routine, on a server of Debian's PostgreSQL 15.

CREATE EXTENSION looks into no body: a routine that names a column that does not exist fails when it is first
called. plpgsql_check finds that beforehand, and unused variables, hidden casts, wrong volatility, pasted SQL.
Bodies in language SQL are given to PostgreSQL's own validator. What is accepted: plpgsql_check_allowed.toml.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from pgflow_build.allowed import read_allowed, without_allowed
from pgflow_build.debian import MAJOR
from pgflow_build.finding import Finding
from pgflow_build.routine_index import RoutineIndex
from pgflow_build.servers import Server

RULE = "plpgsql_check"
ALLOWED = "tools/pgflow_build/plpgsql_check_allowed.toml"
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_preload_libraries": "plpgsql,plpgsql_check"}

_ROUTINES = """
SELECT p.oid, p.oid::regprocedure::text, n.nspname, p.proname, p.prosrc, l.lanname
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname IN ('async', 'flow') AND l.lanname IN ('plpgsql', 'sql')
ORDER BY p.oid
"""
# A trigger function is read once for each table that it serves: what NEW is depends on it.
_CHECK = """
SELECT DISTINCT c.lineno, c.level, c.message, c.detail, c.hint, c.context, c.query
FROM pg_proc p
LEFT JOIN pg_trigger t ON t.tgfoid = p.oid
CROSS JOIN LATERAL plpgsql_check_function_tb(
  p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, other_warnings => true, performance_warnings => true,
  extra_warnings => true, security_warnings => true, compatibility_warnings => true,
  use_incomment_options => false) c
WHERE p.oid = %s
"""
_DECLARED = re.compile(r"^during statement block local variable .* on line (\d+)$")
"""The complaint is about a variable's initial value; its line is more to the point than that of the block."""
# Routines keep their state in temporary tables, which must exist before a routine that reads them is checked.
_PREPARE = "SELECT async.keep_state(NULL)"


def run(root: Path) -> list[Finding]:
    """Return what plpgsql_check has against the routines of the work tree ``root``.

    Errors: those of pgflow_build.binaries where Debian's PostgreSQL 15 cannot be had.
    """
    with Server(MAJOR, settings=SETTINGS) as server:
        server.install(root)
        with server.connect() as session:
            session.execute("CREATE EXTENSION pgflow_ui CASCADE")
            session.execute("CREATE EXTENSION plpgsql_check")
            session.execute(_PREPARE)
            found = sorted(_check_all(session, RoutineIndex(root)))
    return without_allowed(found, read_allowed(root / ALLOWED), RULE, ALLOWED)


def _check_all(session: psycopg.Connection[Any], index: RoutineIndex) -> Iterator[Finding]:
    rows = session.execute(_ROUTINES).fetchall()
    for oid, signature, schema, name, body, language in rows:
        routine = index.find(schema, name, body)
        if routine is None:
            continue
        check = _check_plpgsql if language == "plpgsql" else _check_sql
        for line, message in check(session, oid):
            yield Finding(index.path(routine), index.line(routine, line), RULE, f"{signature}: {message}")
    for routine in index.without({(schema, name, body) for _, _, schema, name, body, _ in rows}):
        message = f"{routine.full_name} has not been checked: build/ does not have it like this"
        yield Finding(index.path(routine), routine.line, RULE, message)


def _check_plpgsql(session: psycopg.Connection[Any], oid: int) -> Iterator[tuple[int, str]]:
    """Yield line of the body and message of each complaint."""
    try:
        rows = session.execute(_CHECK, [oid]).fetchall()
    except psycopg.Error as error:
        yield 1, str(error).splitlines()[0]
        return
    for line, level, message, detail, hint, context, query in rows:
        said = "; ".join(" ".join(text.split())[:200] for text in (detail, hint, context, query) if text)
        declared = _DECLARED.search(context or "")
        number = int(declared[1]) if declared else line or 1
        yield number, f"{level}: {message}" + (f" ({said})" if said else "")


def _check_sql(session: psycopg.Connection[Any], oid: int) -> Iterator[tuple[int, str]]:
    try:
        session.execute("SELECT fmgr_sql_validator(%s)", [oid])
    except psycopg.Error as error:
        yield 1, f"error: {str(error).splitlines()[0]}"
