import pytest

from tests.unit.lint.sources import found, routine

PLANTED = routine("/* Does nothing. */\nBEGIN\nEND;")


@pytest.mark.parametrize(
    "body",
    [
        "/* Does nothing. */\nBEGIN\nEND;",
        "/*\n#variable_conflict error\n*/\nBEGIN\nEND;",
        "#variable_conflict use_column\nBEGIN\nEND;",
        "BEGIN\n#variable_conflict error\nEND;",
    ],
)
def test_catches_a_body_without_it(body: str) -> None:
    problems = found("variable_conflict", routine(body))
    assert len(problems) == 1
    assert "#variable_conflict error" in problems[0] or "not PL/pgSQL" in problems[0]


def test_leaves_bodies_with_it_and_other_languages_alone() -> None:
    body = "/* Does nothing. */\n#variable_conflict error\nDECLARE\n  a INT;\nBEGIN\nEND;"
    assert found("variable_conflict", routine(body)) == []
    assert found("variable_conflict", routine("SELECT 1", language="sql")) == []
