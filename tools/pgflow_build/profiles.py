"""Which statements of our routines were executed on servers, as plpgsql_check's profiler counts them.

Tests are measured when the environment names a folder in PGFLOW_COVERAGE: servers of 15-debian then run with
the profiler, which keeps its counts in shared memory, for all sessions, those through dblink too. What it
knows of a database is written to the folder before the database is dropped or its server stopped; a server
that is killed takes with it what had not been written.
"""

import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any

import psycopg

from pgflow_build.debian import MAJOR
from pgflow_build.servers import Server

FOLDER = "PGFLOW_COVERAGE"
SETTINGS = {
    "shared_preload_libraries": "plpgsql,plpgsql_check",
    "plpgsql_check.profiler": "on",
    "plpgsql_check.profiler_max_shared_chunks": "50000",
    "track_functions": "all",
}

STATEMENTS = """
SELECT n.nspname, p.proname, p.prosrc, s.stmtid, s.lineno, s.stmtname, s.exec_stmts > 0
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname IN ('async', 'flow')
JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
CROSS JOIN LATERAL pgflow_coverage.plpgsql_profiler_function_statements_tb(p.oid) s
ORDER BY p.oid, s.stmtid
"""
_CALLED = """
SELECT n.nspname, p.proname, p.prosrc
FROM pg_stat_user_functions f
JOIN pg_proc p ON p.oid = f.funcid
JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname IN ('async', 'flow')
WHERE f.calls > 0
"""
# Room for the counts of the databases that come after this one.
_RESET = """
SELECT pgflow_coverage.plpgsql_profiler_reset(p.oid)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname IN ('async', 'flow')
"""


@dataclass
class Profile:
    """What was executed. Routines go by `key`."""

    executed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """The numbers that PL/pgSQL gives to the statements of a routine."""
    called: set[str] = field(default_factory=set)
    """Routines that were called, of any language; those that PostgreSQL inlines are not among them."""
    lost: list[str] = field(default_factory=list)
    """Databases that could not be asked, each with the reason."""


def key(schema: str, name: str, body: str) -> str:
    """Return what tells a routine, and a version of it, from others."""
    return f"{schema}.{name} {md5(body.encode()).hexdigest()}"


def settings(major: str) -> dict[str, str]:
    """Return what a server of tests needs in order to be measured: nothing unless it shall and can be."""
    return SETTINGS if os.environ.get(FOLDER) and major == MAJOR else {}


def collect(server: Server, dbname: str) -> None:
    """Write down what was executed in a database that is about to go, if tests are measured."""
    folder = os.environ.get(FOLDER)
    if not folder or server.major != MAJOR:
        return
    try:
        with connect(server, dbname) as session:
            entry = _ask(session)
    except psycopg.Error as error:
        entry = {"lost": f"{dbname}: {error}"}
    with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def collect_all(server: Server) -> None:
    """Do the same for every database of a server that is about to be stopped."""
    if settings(server.major) and server.is_running():
        with server.connect() as session:
            names = session.execute("SELECT datname FROM pg_database WHERE datallowconn").fetchall()
        for (name,) in names:
            collect(server, name)


def connect(server: Server, dbname: str) -> psycopg.Connection[Any]:
    """Return a session in which plpgsql_check is at hand, in a schema of its own."""
    session = server.connect(dbname, options="-c search_path=pg_catalog")
    session.execute("CREATE SCHEMA IF NOT EXISTS pgflow_coverage")
    session.execute("CREATE EXTENSION IF NOT EXISTS plpgsql_check SCHEMA pgflow_coverage")
    return session


def read(folder: Path) -> Profile:
    """Return what all processes have written to the folder, taken together."""
    profile = Profile()
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            for routine, numbers in entry.get("executed", {}).items():
                profile.executed[routine].update(numbers)
            profile.called.update(entry.get("called", ()))
            profile.lost += [entry["lost"]] if "lost" in entry else []
    return profile


def _ask(session: psycopg.Connection[Any]) -> dict[str, Any]:
    executed = defaultdict(list)
    for schema, name, body, number, _, _, is_executed in session.execute(STATEMENTS).fetchall():
        if is_executed:
            executed[key(schema, name, body)].append(number)
    called = [key(*row) for row in session.execute(_CALLED).fetchall()]
    session.execute(_RESET)
    return {"executed": executed, "called": called}
