import pytest

from tests.unit.lint.sources import found, routine

PLANTED = {"pgasync/once/t.sql": "CREATE TABLE async.t (a INT);\n"}
TRIGGER = "CREATE TRIGGER a BEFORE INSERT ON async.t FOR EACH ROW EXECUTE FUNCTION async.f();"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE TABLE async.t (a INT);", "TABLE async.t"),
        ("CREATE SCHEMA async;", "SCHEMA async"),
        ("CREATE SEQUENCE async.s;", "SEQUENCE async.s"),
        ("CREATE TYPE async.a_t AS (a INT);", "TYPE async.a_t"),
        ("CREATE DOMAIN async.d_t AS TEXT;", "DOMAIN async.d_t"),
        ("CREATE VIEW async.v_a AS SELECT 1 AS a;", "VIEW async.v_a"),
        (TRIGGER, "TRIGGER a ON async.t"),
        (routine("SELECT 1", language="sql"), "FUNCTION async.f"),
        (routine("SELECT 1", language="sql", kind="PROCEDURE", returns=""), "PROCEDURE async.f"),
    ],
)
def test_catches_an_object_without_one_and_leaves_one_with_it(statement: str, name: str) -> None:
    assert found("object_comments", statement) == [f"f.sql:1 COMMENT ON {name} is missing in this file"]
    on = name.replace("async.f", "async.f()")
    if name.startswith("TRIGGER"):
        on = "TRIGGER a ON async.t"
    assert found("object_comments", f"{statement}\nCOMMENT ON {on} IS 'What it is for';") == []


def test_catches_the_second_of_two_overloads() -> None:
    text = routine("SELECT 1", language="sql") + routine("SELECT 1", language="sql", arguments="_a INT")
    assert len(found("object_comments", text + "COMMENT ON FUNCTION async.f() IS 'F';")) == 2
    both = "COMMENT ON FUNCTION async.f() IS 'F';\nCOMMENT ON FUNCTION async.f(INT) IS 'F';"
    assert found("object_comments", text + both) == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("what it is", "a comment begins with a capital"),
        ("What it is.", "a comment has no full stop at its end"),
        ("private: what it is", "write Engine: before"),
        (" ", "the comment is empty"),
    ],
)
def test_catches_a_comment_of_another_form(comment: str, message: str) -> None:
    problems = found("object_comments", f"CREATE SCHEMA async;\nCOMMENT ON SCHEMA async IS '{comment}';")
    assert problems[-1].startswith(f"f.sql:2 {message}")


@pytest.mark.parametrize(
    "comment", ["What it is", "async.configure() writes it", "1 row", "task_id of the task"]
)
def test_leaves_comments_of_this_form_alone(comment: str) -> None:
    assert found("object_comments", f"CREATE SCHEMA async;\nCOMMENT ON SCHEMA async IS '{comment}';") == []
