"""The assembler that makes the install scripts out of the sources."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pgflow_build.assemble import assemble, stale, write
from pgflow_build.manifest import EXTENSIONS, SourceError

from tests.support.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def script(tree: Tree, extension: str) -> str:
    return assemble(tree.root)[f"{extension}--1.0.sql"]


def run(tree: Tree, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pgflow_build", command, "--root", str(tree.root)]
    return subprocess.run(
        line, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_script_begins_by_refusing_psql_and_pinning_the_search_path(tree: Tree) -> None:
    lines = script(tree, "pgflow").splitlines()
    assert lines[0] == '\\echo Use "CREATE EXTENSION pgflow" to load this file. \\quit'
    assert next(line for line in lines[1:] if not line.startswith("--")) == (
        "SET LOCAL search_path = pg_catalog, pg_temp;"
    )


def test_order_is_that_of_the_manifest(tree: Tree) -> None:
    tree.put("pgflow", "once/b.sql", "CREATE TABLE pgflow.b(b INT);")
    tree.put("pgflow", "every/e.sql", "CREATE OR REPLACE VIEW pgflow.e AS SELECT 1;")
    tree.list(
        "pgflow",
        once=("schema.sql", "b.sql", "a.sql"),
        every=("f.sql", "e.sql"),
        dump=(("pgflow.b", ""), ("pgflow.a", "WHERE a > '0'")),
    )
    tree.put(
        "pgflow",
        "grants.toml",
        '[[grant]]\nprivileges = "SELECT"\non = "TABLE pgflow.a"\nto = "pg_monitor"\n',
    )
    text = script(tree, "pgflow")
    order = [
        "guard",
        "CREATE SCHEMA pgflow;",
        "CREATE TABLE pgflow.b",
        "CREATE TABLE pgflow.a",
        "CREATE FUNCTION pgflow.f",
        "CREATE VIEW pgflow.e",
        "SELECT pg_catalog.pg_extension_config_dump('pgflow.b', '');",
        "SELECT pg_catalog.pg_extension_config_dump('pgflow.a', 'WHERE a > ''0''');",
        "DO $revoke$",
        "GRANT SELECT ON TABLE pgflow.a TO pg_monitor;",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_install_script_says_plain_create(tree: Tree) -> None:
    body = "$$ CREATE OR REPLACE VIEW pgflow.v AS SELECT 1 $$"
    tree.put("pgflow", "every/f.sql", f"CREATE OR REPLACE PROCEDURE pgflow.f() LANGUAGE sql AS {body};\n\n\n")
    assert f"\nCREATE PROCEDURE pgflow.f() LANGUAGE sql AS {body};\n\nDO $revoke$" in script(tree, "pgflow")


def test_each_required_extension_of_ours_is_guarded(tree: Tree) -> None:
    assert "guard" not in script(tree, "pgasync")
    text = script(tree, "pgflow_server")
    assert text.count("DO $guard$") == 2
    assert "ALTER EXTENSION pgasync_server UPDATE TO ''1.0''" in text


def test_text_of_a_source_is_not_taken_for_a_template(tree: Tree) -> None:
    tree.put("pgflow", "once/a.sql", "CREATE TABLE pgflow.a(a TEXT DEFAULT '{{ name }} {% if %}');")
    assert "DEFAULT '{{ name }} {% if %}'" in script(tree, "pgflow")


def test_same_sources_give_the_same_bytes(tree: Tree) -> None:
    assert sorted(assemble(tree.root)) == sorted(["SHA256SUMS", *(f"{e}--1.0.sql" for e in EXTENSIONS)])
    assert run(tree, "assemble", PYTHONHASHSEED="1").returncode == 0
    first = {path.name: path.read_bytes() for path in (tree.root / "build").iterdir()}
    for path in (tree.root / "build").iterdir():
        path.unlink()
    assert run(tree, "assemble", PYTHONHASHSEED="2", LC_ALL="C", TZ="Asia/Tokyo").returncode == 0
    assert {path.name: path.read_bytes() for path in (tree.root / "build").iterdir()} == first


def test_sums_are_what_sha256sum_checks(tree: Tree) -> None:
    write(tree.root)
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    subprocess.run(command, cwd=tree.root / "build", check=True)


def test_write_changes_only_what_differs(tree: Tree) -> None:
    assert len(write(tree.root)) == 6
    assert write(tree.root) == []
    tree.put("pgflow_ui", "every/f.sql", "CREATE OR REPLACE VIEW pgflow_ui.f AS SELECT 2;")
    assert write(tree.root) == ["SHA256SUMS", "pgflow_ui--1.0.sql"]


def test_check_sees_changed_missing_and_extra_files(tree: Tree) -> None:
    write(tree.root)
    with (tree.root / "build/pgflow--1.0.sql").open("a") as file:
        file.write(" ")
    (tree.root / "build/pgflow_ui--1.0.sql").unlink()
    (tree.root / "build/other.sql").touch()
    assert stale(tree.root) == ["other.sql", "pgflow--1.0.sql", "pgflow_ui--1.0.sql"]
    write(tree.root)
    assert stale(tree.root) == []


def test_commands_tell_by_their_exit_status(tree: Tree) -> None:
    assert run(tree, "assemble").returncode == 0
    assert run(tree, "check").returncode == 0
    tree.write("build/pgflow--1.0.sql", "SELECT 1;")
    changed = run(tree, "check")
    assert changed.returncode == 1
    assert "not what the sources give: build/pgflow--1.0.sql" in changed.stderr
    (tree.root / "sql/pgflow/every/f.sql").unlink()
    failed = run(tree, "assemble")
    assert failed.returncode == 1
    assert failed.stderr.endswith("manifest.toml: every lists f.sql, which does not exist\n")


def test_sources_in_the_wrong_order_are_not_assembled(tree: Tree) -> None:
    tree.list("pgflow", once=("a.sql", "schema.sql"))
    with pytest.raises(SourceError) as caught:
        assemble(tree.root)
    assert str(caught.value).splitlines() == [
        "sql/pgflow/once/a.sql:1: order: relation pgflow.a needs schema pgflow, "
        "which is created later, in sql/pgflow/once/schema.sql:1",
    ]
    assert run(tree, "check").returncode == 1
