"""Checks that need a server of Debian's PostgreSQL 15: plpgsql_check, and the measure of coverage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pgflow_build import coverage, plpgsql_check, profiles
from pgflow_build.binaries import binaries
from pgflow_build.debian import MAJOR, NotAvailableError
from pgflow_build.servers import REPOSITORY, Server

from tests.support.database import SERVER_EXTENSION, Database, create_with_extension
from tests.support.orchestrator import Orchestrator

FAULTS = {
    "a_missing_column": """\
DECLARE
  n BIGINT;
BEGIN
  SELECT t.no_such INTO n FROM async.target t;
  RETURN n;
END;""",
    "an_unread_variable": "DECLARE\n  n BIGINT;\nBEGIN\n  n := 1::BIGINT;\n  RETURN 1::BIGINT;\nEND;",
    "a_hidden_cast": "DECLARE\n  n BIGINT := '1';\nBEGIN\n  RETURN n;\nEND;",
    "a_pasted_statement": "BEGIN\n  EXECUTE 'SELECT 1 FROM ' || _a;\n  RETURN 1::BIGINT;\nEND;",
    "no_return": "BEGIN\n  PERFORM random();\nEND;",
}
"""Bodies of plpgsql functions of (_a TEXT) that return BIGINT, with what is wrong."""

SAID = {
    "a_missing_column": (7, "column t.no_such does not exist"),
    "an_unread_variable": (5, 'never read variable "n"'),
    "a_hidden_cast": (5, 'cast "text" value to "bigint" type'),
    "a_pasted_statement": (5, "text type variable is not sanitized"),
    "no_return": (3, "control reached end of function without RETURN"),
    "a_trigger": (6, 'record "new" has no field "no_such"'),
    "in_sql": (3, "column t.no_such does not exist"),
}
"""The line of the source file, and a part of what must be said, by the name of the routine."""

TRIGGER = """\
CREATE OR REPLACE FUNCTION flow.a_trigger() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/* None. */
BEGIN
  NEW.no_such := 1;
  RETURN NEW;
END;
$$;
CREATE TRIGGER a_trigger BEFORE INSERT ON async.target FOR EACH ROW EXECUTE FUNCTION flow.a_trigger();
"""
IN_SQL = """\
CREATE OR REPLACE FUNCTION flow.in_sql() RETURNS BIGINT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$SELECT t.no_such FROM async.target t$$;
"""


@pytest.fixture(autouse=True, scope="module")
def debian() -> None:
    """Leave the module out where Debian's packages cannot be had."""
    try:
        binaries(plpgsql_check.MAJOR)
    except NotAvailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def work_tree(tmp_path: Path) -> Path:
    """A copy of what the extensions are made and installed from."""
    for name in ("sql", "build"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    for path in (*REPOSITORY.glob("*.control"), REPOSITORY / "Makefile"):
        shutil.copy(path, tmp_path)
    (tmp_path / plpgsql_check.ALLOWED).parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / plpgsql_check.ALLOWED, tmp_path / plpgsql_check.ALLOWED)
    return tmp_path


def plant(work_tree: Path, name: str, text: str) -> None:
    """Add a source file to the extension pgflow_ui, and its text to the extension's script."""
    folder = work_tree / "sql/pgflow_ui"
    (folder / f"every/{name}.sql").write_text(text)
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("every = [", f'every = ["{name}.sql", ', 1))
    with (work_tree / "build/pgflow_ui--1.0.sql").open("a") as script:
        script.write(text)


def test_planted_faults_are_found_each_with_its_line(work_tree: Path) -> None:
    for name, body in FAULTS.items():
        text = (
            f"CREATE OR REPLACE FUNCTION flow.{name}(_a TEXT) RETURNS BIGINT LANGUAGE plpgsql\n"
            f"SET search_path = pg_catalog, pg_temp AS\n$$\n{body}\n$$;\n"
        )
        plant(work_tree, name, text)
    plant(work_tree, "a_trigger", TRIGGER)
    plant(work_tree, "in_sql", IN_SQL)
    found = [finding for finding in plpgsql_check.run(work_tree) if "pgflow_ui" in finding.path]
    for name, (line, said) in SAID.items():
        own = [f for f in found if f.path == f"sql/pgflow_ui/every/{name}.sql" and f.line == line]
        assert any(said in finding.message for finding in own), f"{name}: {found}"


def test_a_routine_that_was_not_built_is_not_passed_over(work_tree: Path) -> None:
    source = work_tree / "sql/pgasync_server/every/pause.sql"
    source.write_text(source.read_text().replace("BEGIN", "BEGIN -- as it should be", 1))
    found = [str(finding) for finding in plpgsql_check.run(work_tree) if finding.path.endswith("/pause.sql")]
    assert found == [
        "sql/pgasync_server/every/pause.sql:1: plpgsql_check: async.pause has not been checked: "
        "build/ does not have it like this"
    ]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Database]:
    """A database with the extensions on a server that is measured, its counts written to ``tmp_path``."""
    monkeypatch.setenv(profiles.FOLDER, str(tmp_path))
    with Server(MAJOR, settings=profiles.settings(MAJOR)) as server:
        server.install()
        yield create_with_extension(server, SERVER_EXTENSION, "measured")


def test_statements_of_all_sessions_are_counted(measured: Database, tmp_path: Path) -> None:
    """Of a session through dblink, and of one that runs until it is told to stop."""
    Orchestrator(measured).start().stop()
    measured.execute("SELECT r FROM dblink(%s, 'SELECT async.pause()::TEXT') r(r TEXT)", [measured.conninfo])
    measured.drop()
    covered = {c.name: c for c in coverage.measure(REPOSITORY, profiles.read(tmp_path))}
    main = covered["async.main"].statements
    assert [s.is_executed for s in main if s.kind == "LOOP"] == [True]
    assert not all(s.is_executed for s in main), "it was not in manual mode"
    assert covered["async.pause"].executed == len(covered["async.pause"].statements)
    assert covered["async.resume"].executed == 0
