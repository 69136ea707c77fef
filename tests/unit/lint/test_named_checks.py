import pytest

from tests.unit.lint.sources import found

PLANTED = {"pgasync/once/t.sql": "CREATE TABLE async.t (\n  a INT CHECK (a > 0)\n);\n"}


def test_catches_checks_without_a_name() -> None:
    assert found("named_checks", PLANTED) == ["t.sql:2 name the CHECK: CONSTRAINT <table>_<what> CHECK (…)"]
    for text in (
        "CREATE TABLE async.t (a INT, CHECK (a > 0));",
        "CREATE DOMAIN async.d_t AS TEXT CHECK (VALUE <> '');",
        "ALTER TABLE async.t ADD CHECK (a > 0);",
    ):
        assert len(found("named_checks", {"pgasync/once/t.sql": text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE async.t (a INT CONSTRAINT t_a_positive CHECK (a > 0) NOT NULL PRIMARY KEY UNIQUE);",
        "CREATE TABLE async.t (a INT, CONSTRAINT t_a_positive CHECK (a > 0));",
        "CREATE DOMAIN async.d_t AS TEXT CONSTRAINT d_not_empty CHECK (VALUE <> '');",
    ],
)
def test_leaves_named_ones_and_other_constraints_alone(text: str) -> None:
    assert found("named_checks", {"pgasync/once/t.sql": text}) == []
