"""The reference holds what is for users; what is left unsaid is an error; a stale page is seen."""

import subprocess
import sys
from pathlib import Path

import pytest
from pgflow_build.manifest import SourceError
from pgflow_build.reference import PAGE, text, write
from pgflow_build.reference.header import read_header

from tests.support.tree import Tree

ROUTINE = """\
CREATE OR REPLACE FUNCTION async.f(_a INT, _b TEXT[] DEFAULT 'x', _c BOOL DEFAULT false, OUT d INT,
  OUT e TEXT) RETURNS SETOF RECORD LANGUAGE sql AS
$$
/*
 * Does this: that is what
 * it is for.
 *
 * Only at night.
 *
 * _a, _b: these two; _c: that
 *   one, in seconds.
 * d: number of it.
 * Returns a row each.
 * Errors: PF001 | PF002.
 * Writes async.t.
 */
SELECT 1, 'x';
$$;
COMMENT ON FUNCTION async.f(INT, TEXT[], BOOL) IS 'Does this';
"""
VIEW = """\
CREATE OR REPLACE VIEW async.v AS SELECT t.workers, 1 AS b, 2 AS c FROM async.control t UNION SELECT 1, 2, 3;
COMMENT ON VIEW async.v IS 'Shows it';
COMMENT ON COLUMN async.v.workers IS 'First';
COMMENT ON COLUMN async.v.b IS 'Second';
COMMENT ON COLUMN async.v.c IS 'Engine: third';
"""
RULES = """\
CREATE OR REPLACE FUNCTION async.get_configuration_rules() RETURNS JSONB LANGUAGE sql AS
$$
/* Rules. */
SELECT '{"control": {
  "workers": {"kind": "integer", "least": 1, "most": 9},
  "on": {"kind": "boolean", "about": "Is on"}}}'::JSONB;
$$;
COMMENT ON FUNCTION async.get_configuration_rules() IS 'Engine: rules';
"""
TABLE = """\
CREATE TABLE async.control
(
  workers INT NOT NULL DEFAULT 4
);
COMMENT ON TABLE async.control IS 'Engine: settings';
COMMENT ON COLUMN async.control.workers IS 'How many';
"""


def reference(folder: Path, **files: str) -> str:
    """Return the reference of sources that hold these files."""
    given = {"routine": ROUTINE, "view": VIEW, "rules": RULES, "table": TABLE} | files
    tree = Tree(folder)
    tree.put("pgasync", "once/schema.sql", "CREATE SCHEMA async;")
    tree.put("pgasync", "once/a.sql", given["table"])
    tree.put("pgasync", "every/f.sql", given["routine"])
    tree.put("pgasync", "every/v.sql", given["view"])
    tree.put("pgasync", "every/rules.sql", given["rules"])
    tree.list("pgasync", every=("f.sql", "v.sql", "rules.sql"))
    return text(folder)


def test_a_routine_is_shown_with_what_its_header_says(tmp_path: Path) -> None:
    page = reference(tmp_path)
    assert "[async.f](#asyncf) | both | Does this |" in page
    assert "async.f(_a INT, _b TEXT[] = 'x', _c BOOL = false) → SETOF (d INT, e TEXT)\n" in page
    assert "Does this: that is what it is for.\n\nOnly at night.\n" in page
    assert (
        "| `_a` | these two |\n| `_b` | these two |\n| `_c` | that one, in seconds |\n| `d` | number of it |"
        in page
    )
    assert "Returns a row each.\n\nErrors: PF001 | PF002.\n" in page
    assert "Writes" not in page


def test_a_view_is_shown_with_its_columns_but_not_the_engines_own(tmp_path: Path) -> None:
    page = reference(tmp_path)
    assert "### async.v\n\nShows it. Where: both.\n" in page
    assert "| `workers` | First |\n| `b` | Second |\n\n" in page
    assert "third" not in page


def test_keys_have_what_the_rules_and_the_columns_say(tmp_path: Path) -> None:
    page = reference(tmp_path)
    assert "| `workers` | an integer from 1 to 9 | 4 | How many |" in page
    assert "| `on` | true or false | null | Is on |" in page
    assert "### async.control" not in page


def test_what_is_the_engines_own_is_not_shown(tmp_path: Path) -> None:
    assert "async.f" not in reference(tmp_path, routine=ROUTINE.replace("IS 'Does", "IS 'Engine: does"))


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        ("routine", "_c: that", "that", "the header of async.f does not explain _c"),
        ("view", "COMMENT ON COLUMN async.v.b IS 'Second';", "", "COMMENT ON COLUMN async.v.b is missing"),
        ("rules", ', "about": "Is on"', "", "describes the keys control: on"),
        ("view", "1 AS b", "1", "name each column of a view: 1"),
    ],
)
def test_what_is_left_unsaid_is_an_error(tmp_path: Path, part: str, old: str, new: str, message: str) -> None:
    whole = {"routine": ROUTINE, "view": VIEW, "rules": RULES}[part]
    assert old in whole
    with pytest.raises(SourceError, match=message):
        reference(tmp_path, **{part: whole.replace(old, new)})


def test_a_header_of_one_sentence_has_no_arguments() -> None:
    header = read_header("/* Returns when it is done. */", ["_a"])
    assert header.text == ("Returns when it is done.",)
    assert not header.meanings
    assert not header.notes


def test_the_command_sees_a_stale_page_and_writes_it_anew(tmp_path: Path) -> None:
    reference(tmp_path)
    command = [sys.executable, "-m", "pgflow_build"]
    options = ["--root", str(tmp_path)]
    subprocess.run([*command, "assemble", *options], check=True, capture_output=True)
    assert subprocess.run([*command, "check", *options], check=False, capture_output=True).returncode == 0
    (tmp_path / PAGE).write_text("old")
    stale = subprocess.run([*command, "check", *options], check=False, capture_output=True, text=True)
    assert stale.returncode == 1
    assert "docs/reference.md" in stale.stderr
    assert write(tmp_path)
    assert not write(tmp_path)
