"""Every rule is run, described, tested, and turns the command red."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pgflow_build import lint
from pgflow_build.lint import all_rules, run

from tests.unit.lint.sources import write_tree

REPOSITORY = Path(__file__).resolve().parents[3]
RULES = sorted(path.stem for path in Path(lint.__file__).parent.glob("rules/*.py") if path.stem != "__init__")


def planted(rule: str) -> dict[str, str]:
    """The sources with a fault that the test module of a rule plants."""
    files = importlib.import_module(f"tests.unit.lint.test_{rule}").PLANTED
    return {"pgasync/every/f.sql": files} if isinstance(files, str) else dict(files)


def test_every_module_of_the_folder_is_a_rule() -> None:
    assert sorted(all_rules()) == RULES
    assert all(importlib.import_module(f"pgflow_build.lint.rules.{rule}").__doc__ for rule in RULES)


def test_every_rule_is_described_once_and_nothing_else_is() -> None:
    text = (REPOSITORY / "docs/rules.md").read_text(encoding="utf-8")
    paragraphs = re.findall(r"^### (\w+)\n\n(?=\S.{30})", text, re.MULTILINE)
    assert sorted(paragraphs) == RULES
    assert sorted(re.findall(r"^### (.*)$", text, re.MULTILINE)) == RULES
    assert re.search(r"\*\*(\d+) rules", text)[1] == str(len(RULES))  # type: ignore[index]


def test_every_rule_has_tests_of_what_it_catches_and_what_it_leaves_alone() -> None:
    for rule in RULES:
        names = dir(importlib.import_module(f"tests.unit.lint.test_{rule}"))
        assert any(name.startswith("test_catches") for name in names), rule
        assert any(name.startswith("test_leaves") for name in names), rule


@pytest.mark.parametrize("rule", RULES)
def test_a_fault_turns_the_whole_lint_red(rule: str, tmp_path: Path) -> None:
    write_tree(tmp_path, planted(rule))
    assert rule in {finding.rule for finding in run(tmp_path)}


def test_update_scripts_are_read(tmp_path: Path) -> None:
    write_tree(tmp_path, {})
    path = tmp_path / "sql/pgasync/updates/1.0--1.1.sql"
    path.parent.mkdir()
    path.write_text("ALTER TABLE async.task DROP COLUMN a CASCADE;\n")
    found = [(finding.path, finding.line, finding.rule) for finding in run(tmp_path)]
    assert found == [("sql/pgasync/updates/1.0--1.1.sql", 1, "cascade")]


@pytest.mark.parametrize("rule", ["line_length", "dynamic_sql", "control_files"])
def test_command_prints_the_place_and_fails(rule: str, tmp_path: Path) -> None:
    files = planted(rule)
    write_tree(tmp_path, files)
    command = [sys.executable, "-m", "pgflow_build", "lint", "--root", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(rf"^[\w/.]+:\d+: {rule}: ", done.stdout + done.stderr, re.MULTILINE)


def test_the_sources_keep_the_rules() -> None:
    assert [str(finding) for finding in run(REPOSITORY)] == []
