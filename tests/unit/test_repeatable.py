"""Files of every/ can be run again; those of once/ do not pretend to."""

from pathlib import Path

import pytest
from pgflow_build.extension import read_extensions
from pgflow_build.repeatable import findings

from tests.support.tree import Tree

TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON pgflow.a EXECUTE PROCEDURE pgflow.f();"


def found(tmp_path: Path, file: str, text: str) -> list[str]:
    tree = Tree(tmp_path)
    tree.put("pgflow", file, text)
    return [str(finding) for finding in findings(read_extensions(tree.root), tree.root)]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("every/f.sql", "CREATE VIEW pgflow.v AS SELECT 1;", "say CREATE OR REPLACE"),
        (
            "every/f.sql",
            "CREATE FUNCTION pgflow.f() RETURNS INT LANGUAGE sql AS '';",
            "say CREATE OR REPLACE",
        ),
        ("every/f.sql", "CREATE PROCEDURE pgflow.f() LANGUAGE sql AS '';", "say CREATE OR REPLACE"),
        ("every/f.sql", "CREATE TABLE pgflow.b(b INT);", "move it to once/"),
        ("every/f.sql", "/* x */ create type pgflow.b AS (b INT);", "move it to once/"),
        ("every/f.sql", "INSERT INTO pgflow.a VALUES (1);", "move it to once/"),
        ("every/f.sql", TRIGGER, "needs DROP TRIGGER IF EXISTS t"),
        ("every/f.sql", f"DROP TRIGGER IF EXISTS t ON pgflow.b; {TRIGGER}", "needs DROP TRIGGER IF EXISTS t"),
        ("once/a.sql", "CREATE OR REPLACE VIEW pgflow.v AS SELECT 1;", "belongs in every/"),
    ],
)
def test_wrong_folder_or_form_is_found(tmp_path: Path, file: str, text: str, message: str) -> None:
    (finding,) = found(tmp_path, file, "-- first line\n" + text)
    assert finding.startswith(f"sql/pgflow/{file}:2: repeatable: ")
    assert message in finding


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("every/f.sql", "CREATE OR REPLACE VIEW pgflow.v AS SELECT 1; COMMENT ON VIEW pgflow.v IS 'x';"),
        ("every/f.sql", f"DROP TRIGGER IF EXISTS t ON pgflow.a; {TRIGGER}"),
        ("every/f.sql", "SELECT pgflow.f();"),
        ("once/a.sql", "CREATE TABLE pgflow.b(b INT); INSERT INTO pgflow.b VALUES (1);"),
    ],
)
def test_right_folder_and_form_pass(tmp_path: Path, file: str, text: str) -> None:
    assert found(tmp_path, file, text) == []
