import pytest

from tests.unit.lint.sources import found

PLANTED = {"pgasync/once/t.sql": "CREATE TYPE async.slot AS (a INT);\n"}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE TYPE async.slot AS (a INT);", "type slot ends in _t"),
        ("CREATE DOMAIN async.state AS TEXT;", "domain state ends in _t"),
        ("CREATE VIEW async.tasks AS SELECT 1 AS a;", "view tasks begins with v_"),
        ('CREATE TABLE async."Task" (a INT);', "table Task is written in lower case"),
        ('CREATE TABLE async.task ("taskId" INT);', "column taskId of async.task is written in lower case"),
        (f"CREATE SEQUENCE async.{'a' * 64};", "PostgreSQL cuts names off after 63 bytes"),
        ("CREATE INDEX ON async.task(a);", "name the index"),
    ],
)
def test_catches_names_of_another_form(statement: str, message: str) -> None:
    problems = found("object_names", {"pgasync/once/t.sql": statement})
    assert len(problems) == 1
    assert message in problems[0]


def test_leaves_the_usual_names_alone() -> None:
    text = """
CREATE SCHEMA async;
CREATE TYPE async.slot_t AS (slot_no INT);
CREATE DOMAIN async.state_t AS TEXT;
CREATE VIEW async.v_task AS SELECT 1 AS a;
CREATE TABLE async.receipt_0 (a INT);
CREATE INDEX receipt_0_a_idx ON async.receipt_0(a);"""
    assert found("object_names", {"pgasync/once/t.sql": text}) == []
