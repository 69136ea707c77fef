"""pgspot over generated scripts: faults in them turn it red, wherever in a routine they stand."""

from pathlib import Path

import pytest
from pgflow_build import pgspot

from tests.support.tree import Tree

PINNED = "SET search_path = pg_catalog, pg_temp"


HEADER = """\
\\echo Use "CREATE EXTENSION pgflow" to load this file. \\quit
SET LOCAL search_path = pg_catalog, pg_temp;
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def found(tree: Tree, source: str, schema: str = "CREATE SCHEMA pgflow;") -> list[str]:
    """Return what is found in an extension with this schema and, in every/f.sql, this source."""
    tree.put("pgflow", "every/f.sql", source)
    tree.write("build/pgflow--1.0.sql", f"{HEADER}\n-- the schema\n{schema}\n\n{source}\n")
    return [str(finding) for finding in pgspot.run(tree.root)]


def plpgsql(body: str, settings: str = "") -> str:
    return f"CREATE OR REPLACE PROCEDURE pgflow.f(_x TEXT) LANGUAGE plpgsql {settings} AS\n$$\n{body}\n$$;"


def test_nothing_is_found_in_sound_scripts(tree: Tree) -> None:
    assert found(tree, plpgsql("BEGIN\n  PERFORM upper(_x);\nEND;", PINNED)) == []


def test_a_schema_that_somebody_could_have_made_before(tree: Tree) -> None:
    said = found(tree, "", "CREATE SCHEMA IF NOT EXISTS pgflow;")
    assert said == ["build/pgflow--1.0.sql:5: pgspot: PS010 Unsafe schema creation: pgflow"]


def test_a_routine_without_search_path_is_told_with_its_source(tree: Tree) -> None:
    assert found(tree, "/* f */\n" + plpgsql("BEGIN\nEND")) == [
        "sql/pgflow/every/f.sql:2: pgspot: PS005 Function without explicit search_path: pgflow.f(_x text)"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "PERFORM upper(_x);",
        "slot.state := upper(_x);",
        "IF false THEN NULL; ELSIF upper(_x) IS NULL THEN NULL; END IF;",
        "FOR slot IN SELECT upper(_x) LOOP NULL; END LOOP;",
        "OPEN probe FOR EXECUTE upper(_x);",
        "RAISE EXCEPTION 'no' USING DETAIL = upper(_x);",
    ],
)
def test_unqualified_names_are_found_in_every_kind_of_statement(tree: Tree, statement: str) -> None:
    body = f"DECLARE\n  slot pgflow.a;\n  probe REFCURSOR;\nBEGIN\n  {statement}\nEND;"
    assert "sql/pgflow/every/f.sql:7: pgspot: PS016 Unqualified function call: upper" in found(
        tree, plpgsql(body)
    )
    assert found(tree, plpgsql(body, PINNED)) == []


def test_unqualified_names_are_found_in_initial_values(tree: Tree) -> None:
    said = found(tree, plpgsql("DECLARE\n  x TEXT := lower(_x);\nBEGIN\nEND;"))
    assert "sql/pgflow/every/f.sql:4: pgspot: PS016 Unqualified function call: lower" in said


def test_do_blocks_run_under_the_search_path_of_the_script(tree: Tree) -> None:
    block = "DO $$\nBEGIN\n  PERFORM lower('A');\nEND\n$$;"
    assert found(tree, block) == []
    said = found(tree, f"RESET search_path;\n{block}")
    assert said == ["build/pgflow--1.0.sql:10: pgspot: PS016 Unqualified function call: lower"]


def test_what_scripts_before_have_made_is_known(tree: Tree) -> None:
    """An update script may replace a function in a schema that the base script made, and in no other."""
    update = "CREATE OR REPLACE FUNCTION {schema}.g() RETURNS INT LANGUAGE sql " + PINNED + " AS 'SELECT 1';"
    tree.write("build/pgflow--1.0--1.1.sql", update.format(schema="pgflow"))
    assert found(tree, "") == []
    tree.write("build/pgflow--1.0--1.1.sql", update.format(schema="public"))
    said = found(tree, "")
    assert said == ["build/pgflow--1.0--1.1.sql:1: pgspot: PS002 Unsafe function creation: public.g()"]


def test_a_body_that_cannot_be_read_is_a_finding(tree: Tree) -> None:
    (said,) = found(tree, plpgsql("BEGIN\n  x :=;\nEND;", PINNED))
    assert said.startswith("sql/pgflow/every/f.sql:1: pgspot: cannot be read: ")


def test_what_is_allowed_is_left_out_until_it_is_stale(tree: Tree) -> None:
    entry = '[[allow]]\npath = "sql/pgflow/every/f.sql"\nmessage = "PS005"\nreason = "it commits"\n'
    tree.write(pgspot.ALLOWED, entry)
    assert found(tree, plpgsql("BEGIN\nEND")) == []
    (said,) = found(tree, plpgsql("BEGIN\nEND", PINNED))
    assert "allows what is not found: 'PS005' in sql/pgflow/every/f.sql" in said
