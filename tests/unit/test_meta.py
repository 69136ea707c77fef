"""META.json, against its specification and the rest of the distribution."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pgflow_build.assemble import write
from pgflow_build.manifest import EXTENSIONS
from pgflow_build.meta import run, three_parts

from tests.support.tree import Tree

Meta = dict[str, Any]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A distribution in which everything agrees."""
    tree = Tree(tmp_path)
    write(tree.root)
    tree.write("CHANGELOG.md", "# Changes\n\n## 1.0.0\n\nNew.\n\n## 0.9\n\nOld.\n")
    tree.write("pyproject.toml", '[project]\nname = "pgflow"\nversion = "1.0.0"\n')
    tree.write("docs/f.md", "")
    give(tree, lambda meta: None)
    return tree


def good() -> Meta:
    provides = {name: {"file": f"build/{name}--1.0.sql", "version": "1.0.0"} for name in EXTENSIONS}
    return {
        "name": "pgflow",
        "abstract": "Flows",
        "version": "1.0.0",
        "maintainer": ["Somebody <somebody@example.com>"],
        "license": "postgresql",
        "prereqs": {"runtime": {"requires": {"PostgreSQL": "11.0.0", "dblink": ">= 1.2.0, < 2.0.0"}}},
        "provides": provides,
        "meta-spec": {"version": "1.0.0", "url": "https://pgxn.org/meta/spec.txt"},
    }


def give(tree: Tree, change: Callable[[Meta], object]) -> None:
    """Write META.json with a change."""
    meta = good()
    change(meta)
    tree.write("META.json", json.dumps(meta, indent=2))


def found(tree: Tree, change: Callable[[Meta], object]) -> list[str]:
    give(tree, change)
    return [str(finding) for finding in run(tree.root)]


def put(*path: Any) -> Callable[[Meta], None]:
    """Return a change that sets the value at a path, given with the value as the last."""
    *keys, last, value = path

    def change(meta: Meta) -> None:
        for key in keys:
            meta = meta.setdefault(key, {})
        meta[last] = value

    return change


def test_distribution_in_which_everything_agrees_passes(tree: Tree) -> None:
    assert run(tree.root) == []


@pytest.mark.parametrize(
    "change",
    [
        put("license", ["apache_2_0", "postgresql"]),
        put("license", {"PostgreSQL": "https://www.postgresql.org/about/licence"}),
        put("maintainer", "Somebody"),
        put("tags", ["dag", "workflow"]),
        put("x_anything", {"at": ["all"]}),
        put("prereqs", "test", {"recommends": {"pgTAP": 0}}),
        put("prereqs", "test", {"conflicts": {"pgTAP": "!= 1.0.0"}}),
        put("release_status", "testing"),
        put("provides", "pgflow", "docfile", "docs/f.md"),
        put("no_index", {"directory": ["bench"], "file": "Makefile"}),
        put("resources", "repository", {"url": "git://example.com/x.git", "type": "git"}),
        put("resources", "bugtracker", {"mailto": "bugs@example.com", "web": "https://example.com/"}),
    ],
)
def test_what_the_specification_allows_passes(tree: Tree, change: Callable[[Meta], None]) -> None:
    assert found(tree, change) == []


@pytest.mark.parametrize(
    "key", ["abstract", "license", "maintainer", "meta-spec", "name", "provides", "version"]
)
def test_missing_key_is_found(tree: Tree, key: str) -> None:
    assert f"META.json:1: meta: META.json: '{key}' is a required property" in found(
        tree, lambda meta: meta.pop(key)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("abstract", ""), 'abstract: "" is not a string that is not empty'),
        (put("abstract", None), "abstract: null is not a string that is not empty"),
        (put("maintainer", []), "maintainer: [] is not a string or a list of one or more strings"),
        (put("license", "postgres"), 'license: "postgres" is not the names of known licenses'),
        (put("license", ["mit", "x"]), 'license: ["mit", "x"] is not the names of known licenses'),
        (put("license", {"x": "no uri"}), "is not the names of known licenses, or a map"),
        (put("name", "p"), 'name: "p" is not two or more characters'),
        (put("name", "pg/flow"), 'name: "pg/flow" is not two or more characters'),
        (put("version", "1.0"), 'version: "1.0" is not a semantic version'),
        (put("version", "1.0.00"), 'version: "1.0.00" is not a semantic version'),
        (put("version", 1), "version: 1 is not a semantic version"),
        (put("meta-spec", "version", "2.0.0"), 'meta-spec.version: "2.0.0" is not the version'),
        (put("meta-spec", {"url": "https://pgxn.org/"}), "meta-spec: 'version' is a required property"),
        (put("tags", ["x" * 256]), "is not 1 to 255 characters"),
        (put("tags", ["a b"]), 'tags.0: "a b" is not 1 to 255 characters'),
        (put("tags", ["a", "a"]), "has non-unique elements"),
        (put("unknown", 1), "'unknown' does not match any of the regexes"),
        (put("release_status", "beta"), 'release_status: "beta" is not stable, testing or unstable'),
        (put("prereqs", "runtme", {"requires": {"x1": 0}}), "'runtme' does not match any of the regexes"),
        (put("prereqs", "runtime", "needs", {"x1": 0}), "'needs' does not match any of the regexes"),
        (put("prereqs", "runtime", "requires", "x1", "1"), 'requires.x1: "1" is not 0 for any version'),
        (put("prereqs", "runtime", "requires", "x1", "~> 1.0.0"), "is not 0 for any version"),
        (put("provides", "pgflow", "abstract", 1), "provides.pgflow.abstract: 1 is not a string"),
        (put("provides", "pgflow", "docfile", "/f.md"), "is not a path from the root of the distribution"),
        (put("provides", "pgflow", "docfile", "a/../../f.md"), "is not a path from the root"),
        (put("provides", "pgflow", {"version": "1.0.0"}), "provides.pgflow: 'file' is a required property"),
        (put("resources", "homepage", "example.com"), 'resources.homepage: "example.com" is not a URI'),
        (put("resources", "bugtracker", "mailto", "x"), '"x" is not an email address'),
        (put("resources", "repository", {"url": "git://example.com/"}), "'type' is a dependency of 'url'"),
        (put("resources", "repository", "type", "Git"), '"Git" is not a lower-case name'),
    ],
)
def test_what_the_specification_forbids_is_found(
    tree: Tree, change: Callable[[Meta], None], message: str
) -> None:
    assert any(message in finding for finding in found(tree, change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            put("provides", "pgflow", "version", "1.0.1"),
            "pgflow has version 1.0.1; pgflow.control says 1.0: 1.0.0",
        ),
        (
            put("provides", "pgflow", "file", "build/pgasync--1.0.sql"),
            "the script of pgflow is build/pgflow--1.0.sql, not build/pgasync--1.0.sql",
        ),
        (
            put("provides", "more", {"file": "build/pgflow--1.0.sql", "version": "1.0.0"}),
            "provides more, but there is no more.control",
        ),
        (lambda meta: meta["provides"].pop("pgflow_ui"), "does not provide pgflow_ui, but there is"),
        (put("provides", "pgflow", "docfile", "docs/g.md"), "docfile of pgflow does not exist: docs/g.md"),
        (
            put("prereqs", "runtime", "requires", {"PostgreSQL": "11.0.0"}),
            "prereqs.runtime.requires lacks dblink",
        ),
        (lambda meta: meta.pop("prereqs"), "prereqs.runtime.requires lacks dblink"),
    ],
)
def test_what_does_not_agree_with_the_control_files_is_found(
    tree: Tree, change: Callable[[Meta], None], message: str
) -> None:
    (finding,) = found(tree, change)
    assert message in finding


def test_script_that_is_not_there_is_found(tree: Tree) -> None:
    (tree.root / "build/pgflow--1.0.sql").unlink()
    assert [finding.message for finding in run(tree.root)] == [
        "file of pgflow does not exist: build/pgflow--1.0.sql"
    ]


def test_new_version_of_a_control_file_is_asked_for(tree: Tree) -> None:
    tree.write("pgflow.control", "default_version = '1.1'\nrequires = 'pgasync'\n")
    assert [finding.message for finding in run(tree.root)] == [
        "the script of pgflow is build/pgflow--1.1.sql, not build/pgflow--1.0.sql",
        "pgflow has version 1.0.0; pgflow.control says 1.1: 1.1.0",
    ]


def test_other_version_in_the_changelog_is_found(tree: Tree) -> None:
    tree.write("CHANGELOG.md", "# Changes\n\n## 1.1\n\n## 1.0\n")
    assert [finding.message for finding in run(tree.root)] == [
        "version is 1.0.0, the newest entry of CHANGELOG.md is 1.1.0"
    ]


def test_changelog_without_entries_is_found(tree: Tree) -> None:
    tree.write("CHANGELOG.md", "# Changes\n")
    assert ["nothing" in finding.message for finding in run(tree.root)] == [True]


def test_other_version_in_pyproject_is_found(tree: Tree) -> None:
    tree.write("pyproject.toml", '[project]\nversion = "1.0.1"\n')
    assert [finding.message for finding in run(tree.root)] == ["version is 1.0.0, pyproject.toml says 1.0.1"]


def test_line_is_that_of_the_value(tree: Tree) -> None:
    give(tree, put("provides", "pgflow", "version", "1.0"))
    lines = (tree.root / "META.json").read_text().splitlines()
    assert {lines[finding.line - 1].strip() for finding in run(tree.root)} == {'"version": "1.0"'}
    assert all('"pgflow"' in lines[finding.line - 3] for finding in run(tree.root))


def test_all_that_is_wrong_is_said_at_once(tree: Tree) -> None:
    def change(meta: Meta) -> None:
        meta["license"] = "gnu"
        del meta["abstract"]
        del meta["provides"]["pgflow_ui"]

    tree.write("CHANGELOG.md", "## 2.0\n")
    assert len(found(tree, change)) == 4


def test_text_that_is_no_json_is_found(tree: Tree) -> None:
    tree.write("META.json", '{\n  "name": "pgflow",\n}\n')
    (finding,) = run(tree.root)
    assert (finding.path, finding.line) == ("META.json", 3)


@pytest.mark.parametrize("text", ["[]", "1", '{"provides": [], "prereqs": {"runtime": 1}, "version": {}}'])
def test_values_of_other_types_are_found(tree: Tree, text: str) -> None:
    tree.write("META.json", text)
    assert run(tree.root)


@pytest.mark.parametrize(
    ("given", "wanted"), [("1.0", "1.0.0"), ("2", "2.0.0"), ("1.2.3", "1.2.3"), ("1.10", "1.10.0")]
)
def test_version_gets_three_parts(given: str, wanted: str) -> None:
    assert three_parts(given) == wanted


def test_command_tells_by_its_exit_status(tree: Tree) -> None:
    line = [sys.executable, "-m", "pgflow_build", "meta", "--root", str(tree.root)]
    assert subprocess.run(line, check=False).returncode == 0
    give(tree, put("license", "gnu"))
    failed = subprocess.run(line, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert 'META.json:8: meta: license: "gnu" is not' in failed.stdout


def test_the_distribution_itself_agrees() -> None:
    assert run(Path(__file__).resolve().parents[2]) == []
