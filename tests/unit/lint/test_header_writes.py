import pytest

from tests.unit.lint.sources import found, routine

TABLES = {
    "pgasync/once/t.sql": "CREATE TABLE async.task (a INT);\nCREATE TABLE async.doom (a INT);\n"
    "CREATE TABLE async.task_kind (a INT);"
}


def told(header: str, statements: str, others: str = "") -> list[str]:
    body = f"/* {header} */\nDECLARE\n  n INT;\nBEGIN\n{statements}\nEND;"
    return found(
        "header_writes", {**TABLES, "pgasync/every/f.sql": routine(body), "pgasync/every/g.sql": others}
    )


PLANTED = {
    **TABLES,
    "pgasync/every/f.sql": routine("/* Does it. */\nBEGIN\n  DELETE FROM async.task;\nEND;"),
}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO async.task VALUES (1);",
        "UPDATE async.task SET a = 1;",
        "DELETE FROM async.task;",
        "TRUNCATE async.task;",
        "WITH gone AS (DELETE FROM async.task RETURNING a) SELECT g.a INTO n FROM gone g;",
        "EXECUTE 'DELETE FROM async.task';",
        "EXECUTE format('DELETE FROM async.%s', CASE n WHEN 1 THEN 'task' ELSE 'task' END);",
    ],
)
@pytest.mark.parametrize(
    "header", ["Does it.", "Reads async.task.", "Writes async.task_kind and async.tasks."]
)
def test_catches_a_write_that_the_header_does_not_tell(statement: str, header: str) -> None:
    problems = told(header, statement)
    assert "f.sql:6 the header of async.f says: Writes async.task" in problems


@pytest.mark.parametrize(
    ("statement", "header", "message"),
    [
        ("LOCK TABLE async.task IN EXCLUSIVE MODE;", "Does it.", "says that it locks async.task"),
        ("LOCK TABLE async.task IN EXCLUSIVE MODE;", "Locks async.doom.", "says that it locks async.task"),
        ("PERFORM FROM async.task FOR UPDATE;", "Does it.", "says that it locks rows"),
    ],
)
def test_catches_a_lock_that_the_header_does_not_tell(statement: str, header: str, message: str) -> None:
    assert told(header, statement) == [f"f.sql:6 the header of async.f {message}"]


def test_catches_a_header_that_promises_too_much() -> None:
    problems = told("Writes async.task, async.doom.", "  DELETE FROM async.task;")
    assert problems == ["f.sql:2 async.f says that it writes async.doom; neither it nor what it calls does"]


def test_leaves_writes_that_are_told_alone() -> None:
    assert (
        told("Does it. Writes: async.doom, async.task.", "  DELETE FROM async.doom; DELETE FROM async.task;")
        == []
    )
    assert (
        told(
            "Writes async.task, whose row it locks.",
            "  PERFORM FROM async.task FOR UPDATE; DELETE FROM async.task;",
        )
        == []
    )
    assert told("Writes async.task; locks it.", "  LOCK TABLE async.task; TRUNCATE async.task;") == []


def test_leaves_writes_of_what_is_called_alone() -> None:
    other = routine("/* Writes async.doom. */\nBEGIN\n  DELETE FROM async.doom;\nEND;", name="async.g")
    assert told("Writes async.doom.", "  PERFORM async.g();", other) == []
    assert told("Does it.", "  PERFORM async.g();", other) == []
    assert told("Writes async.task, in the end.", "  EXECUTE format('SELECT %s()', n);") == []


def test_leaves_reading_alone() -> None:
    assert told("Does it.", "  SELECT t.a INTO n FROM async.task t;") == []
