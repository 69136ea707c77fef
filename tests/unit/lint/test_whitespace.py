import pytest

from tests.unit.lint.sources import found

PLANTED = {"pgasync/once/t.sql": "SELECT 1; \n"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT 1; \n", "t.sql:1 blanks at the end of the line"),
        ("SELECT\n\t1;\n", "t.sql:2 tab: use blanks"),
        ("SELECT 1;", "t.sql:1 a file ends with one newline"),
        ("SELECT 1;\n\n", "t.sql:3 a file ends with one newline"),
    ],
)
def test_catches_stray_blanks(text: str, problem: str) -> None:
    assert found("whitespace", {"pgasync/once/t.sql": text}) == [problem]


def test_leaves_blank_lines_between_alone() -> None:
    assert found("whitespace", "SELECT 1;\n\n\nSELECT 2;\n") == []
