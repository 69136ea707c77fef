"""docs/features.md: its tests exist, it speaks of all that the API has, and a run that skips one fails."""

import ast

import pytest
from pgflow_build.extension import read_extensions
from pgflow_build.reference.keys import read_sections
from pgflow_build.reference.read import read_objects

from tests.support.features import FOLDER, PAGE, ROOT, named, rows, unproved

TEXT = PAGE.read_text()
LATER = {
    *("concurrency_group_routine", "steps_to_flow", "node_timeout", "max_concurrency of a node"),
}
"""What can be configured and is not run yet: it has no row, and is to get one when it is."""
pytest_plugins = ["pytester"]


@pytest.mark.parametrize("test", named(TEXT))
def test_each_named_test_exists(test: str) -> None:
    path, _, name = test.partition("::")
    function, _, _ = name.partition("[")
    tree = ast.parse((ROOT / FOLDER / path).read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    assert len(found) == 1
    marks = [ast.unparse(mark) for mark in found[0].decorator_list]
    assert not [mark for mark in marks if mark == "later" or "skip" in mark or "xfail" in mark]


def test_each_row_names_a_test() -> None:
    assert len(rows(TEXT)) > 100
    assert [feature for feature, tests in rows(TEXT) if not tests] == []


def test_each_line_of_a_table_is_a_row() -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith("| ")]
    heads = [line for line in lines if line.startswith("| --- ") or line.endswith("| proved by |")]
    assert len(lines) - len(heads) == len(rows(TEXT))


def test_each_call_view_type_and_key_has_a_row() -> None:
    """All that the reference has: a feature that is added there must be proved here."""
    extensions = read_extensions(ROOT)
    objects = read_objects(extensions)
    names = {routine.name for routine in objects.routines}
    names |= {relation.name for relation in objects.relations if relation.kind == "view"}
    keys = {key.name for section in read_sections(extensions, objects) for key in section.keys}
    text = " ".join(feature for feature, _ in rows(TEXT))
    assert sorted(name for name in names if f"{name}(" not in text and f"`{name}`" not in text) == []
    assert sorted(key for key in keys - LATER if f"`{key}`" not in text) == []
    assert sorted(key for key in LATER if f"`{key}`" in text) == []


PAGE_OF_A_TEST = """
| promise | proved by |
| --- | --- |
| one | `test_a.py::test_one` |
| two | `test_a.py::test_two[x]`, `faults/test_b.py::test_three` |
"""


def report(nodeid: str) -> pytest.TestReport:
    return pytest.TestReport(f"tests/server/{nodeid}", ("", 0, ""), {}, "passed", None, "call")


def reports(**outcomes: str) -> list[tuple[str, pytest.TestReport]]:
    """Outcomes of the three tests: passed unless told otherwise."""
    ids = {
        "one": "test_a.py::test_one[pg18]",
        "two": "test_a.py::test_two[pg18-x]",
        "three": "faults/test_b.py::test_three[pg15-debian-self]",
    }
    return [(outcomes.get(name, "passed"), report(nodeid)) for name, nodeid in ids.items()]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({}, []),
        ({"one": "skipped"}, ["test_a.py::test_one was skipped"]),
        ({"two": "xfailed"}, ["test_a.py::test_two[x] did not pass"]),
        ({"three": "failed"}, ["faults/test_b.py::test_three did not pass"]),
    ],
)
def test_what_a_run_has_not_proved_is_named(outcomes: dict[str, str], said: list[str]) -> None:
    assert unproved(PAGE_OF_A_TEST, reports(**outcomes)) == said


def test_another_case_proves_nothing_and_a_major_that_is_not_there_is_no_matter() -> None:
    other = report("test_a.py::test_two[pg18-y]")
    debian = report("test_a.py::test_one[pg15-debian]")
    found = [*reports()[::2], ("passed", other), ("skipped", debian)]
    assert unproved(PAGE_OF_A_TEST, found) == ["test_a.py::test_two[x] did not pass"]


def test_a_full_run_that_skips_a_named_test_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, with a page of its own; one that was asked for some tests only does not."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'tools'}")
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\ntestpaths = ["tests"]')
    pytester.makeconftest(
        "from pathlib import Path\n"
        "from tests.support import features\n"
        "features.PAGE = Path('features.md')\n"
        'pytest_plugins = ["tests.support.summary"]\n'
    )
    (pytester.path / "features.md").write_text("| one | `test_a.py::test_one` |\n")
    tests = pytester.path / "tests/server"
    tests.mkdir(parents=True)
    file = tests / "test_a.py"
    file.write_text("import pytest\n@pytest.mark.skip\ndef test_one(): pass\ndef test_two(): pass\n")
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "--import-mode=importlib"]
    full = pytester.runpytest_subprocess(*options)
    full.stdout.fnmatch_lines(["*test_a.py::test_one was skipped*"])
    assert full.ret == pytest.ExitCode.TESTS_FAILED
    assert pytester.runpytest_subprocess(*options, str(file)).ret == pytest.ExitCode.OK
    file.write_text("def test_one(): pass\n")
    assert pytester.runpytest_subprocess(*options).ret == pytest.ExitCode.OK
