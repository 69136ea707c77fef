"""The assembler that makes the install scripts out of the sources."""

import subprocess
import sys
from pathlib import Path

import pytest
from pgflow_build.assemble import (
    EXTENSIONS,
    SourceError,
    assemble,
    extension_script,
    read_control,
    stale,
    write,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A work tree in which each extension has a table and a function."""
    required = {"pgasync": "dblink", "pgasync_server": "pgasync", "pgflow": "pgasync"}
    required |= {"pgflow_server": "pgflow, pgasync_server", "pgflow_ui": "pgflow_server"}
    for name in EXTENSIONS:
        (tmp_path / f"{name}.control").write_text(
            f"comment = 'one of ours'\ndefault_version = '1.0'\nrequires = '{required[name]}'\n"
        )
        put(tmp_path, name, "once/table.sql", f"CREATE TABLE {name}.a(a int);")
        put(
            tmp_path,
            name,
            "every/f.sql",
            f"CREATE FUNCTION {name}.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        )
        put(tmp_path, name, "manifest.toml", 'once = ["table.sql"]\nevery = ["f.sql"]\n')
    return tmp_path


def put(root: Path, extension: str, file: str, text: str) -> None:
    path = root / "sql" / extension / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_control_file_is_read(root: Path) -> None:
    control = read_control(root, "pgflow_server")
    assert control.version == "1.0"
    assert control.requires == ("pgflow", "pgasync_server")


def test_script_begins_by_refusing_psql_and_pinning_the_search_path(root: Path) -> None:
    lines = extension_script(root, "pgflow").splitlines()
    assert lines[0] == '\\echo Use "CREATE EXTENSION pgflow" to load this file. \\quit'
    assert next(line for line in lines[1:] if not line.startswith("--")) == (
        "SET LOCAL search_path = pg_catalog, pg_temp;"
    )


def test_order_is_that_of_the_manifest(root: Path) -> None:
    put(root, "pgflow", "once/zero.sql", "SELECT 'zero';")
    put(root, "pgflow", "every/a.sql", "SELECT 'a';")
    put(
        root,
        "pgflow",
        "manifest.toml",
        'once = ["zero.sql", "table.sql"]\nevery = ["f.sql", "a.sql"]\n'
        "dump = [['pgflow.b', ''], ['pgflow.a', \"WHERE a > '0'\"]]",
    )
    put(
        root,
        "pgflow",
        "grants.toml",
        '[[grant]]\nprivileges = "SELECT"\non = "TABLE pgflow.a"\nto = "pg_monitor"\n',
    )
    script = extension_script(root, "pgflow")
    order = [
        "guard",
        "SELECT 'zero';",
        "CREATE TABLE",
        "CREATE FUNCTION",
        "SELECT 'a';",
        "SELECT pg_catalog.pg_extension_config_dump('pgflow.b', '');",
        "SELECT pg_catalog.pg_extension_config_dump('pgflow.a', 'WHERE a > ''0''');",
        "DO $revoke$",
        "GRANT SELECT ON TABLE pgflow.a TO pg_monitor;",
    ]
    places = [script.index(part) for part in order]
    assert places == sorted(places)


def test_each_required_extension_of_ours_is_guarded(root: Path) -> None:
    assert "guard" not in extension_script(root, "pgasync")
    script = extension_script(root, "pgflow_server")
    assert script.count("DO $guard$") == 2
    assert "ALTER EXTENSION pgasync_server UPDATE TO ''1.0''" in script


def test_same_sources_give_the_same_bytes(root: Path) -> None:
    assert assemble(root) == assemble(root)
    assert sorted(assemble(root)) == sorted(["SHA256SUMS", *(f"{name}--1.0.sql" for name in EXTENSIONS)])


def test_sums_are_what_sha256sum_checks(root: Path) -> None:
    write(root)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=root / "build", check=True)


def test_write_changes_only_what_differs(root: Path) -> None:
    assert len(write(root)) == 6
    assert write(root) == []
    put(root, "pgflow_ui", "every/f.sql", "SELECT 2;")
    assert write(root) == ["SHA256SUMS", "pgflow_ui--1.0.sql"]


def test_check_sees_changed_missing_and_extra_files(root: Path) -> None:
    write(root)
    (root / "build/pgflow--1.0.sql").write_text("SELECT 1;")
    (root / "build/pgflow_ui--1.0.sql").unlink()
    (root / "build/other.sql").touch()
    assert stale(root) == ["other.sql", "pgflow--1.0.sql", "pgflow_ui--1.0.sql"]
    write(root)
    assert stale(root) == []


def test_commands_tell_by_their_exit_status(root: Path) -> None:
    def run(command: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "pgflow_build", command, "--root", str(root)]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    assert run("check").returncode == 1
    assert run("assemble").returncode == 0
    assert run("check").returncode == 0
    (root / "sql/pgflow/every/f.sql").unlink()
    failed = run("assemble")
    assert failed.returncode == 1
    assert failed.stderr.endswith("manifest.toml: every lists f.sql, which does not exist\n")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ('once = ["table.sql"]\nevery = []', "every does not list f.sql"),
        ('once = ["table.sql"]\nevery = ["f.sql", "f.sql"]', "every lists f.sql twice"),
        ('once = ["table.sql", "b.sql"]\nevery = ["f.sql"]', "once lists b.sql, which does not exist"),
        ('once = ["table.sql"]\nevry = ["f.sql"]', "unknown keys evry"),
        ("once = [", "Unclosed array|Invalid value"),
    ],
)
def test_manifest_that_does_not_fit_is_refused(root: Path, manifest: str, message: str) -> None:
    put(root, "pgflow", "manifest.toml", manifest)
    with pytest.raises(SourceError, match=message):
        assemble(root)


def test_missing_manifest_is_told(root: Path) -> None:
    (root / "sql/pgflow/manifest.toml").unlink()
    with pytest.raises(SourceError, match="is missing"):
        assemble(root)


def test_grant_that_lacks_a_part_is_refused(root: Path) -> None:
    put(root, "pgflow", "grants.toml", '[[grant]]\nprivileges = "SELECT"\nto = "pg_monitor"\n')
    with pytest.raises(SourceError, match="look at on"):
        assemble(root)
