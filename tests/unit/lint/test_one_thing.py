from tests.unit.lint.sources import found, routine

PLANTED = {"pgasync/every/g.sql": routine("SELECT 1", language="sql")}
VIEW = "CREATE OR REPLACE VIEW async.v_a AS SELECT 1 AS a;\n"


def test_catches_a_file_with_another_name() -> None:
    assert found("one_thing", PLANTED) == ["g.sql:1 call the file f.sql, after what it creates"]
    assert found("one_thing", {"pgasync/every/a.sql": VIEW}) == [
        "a.sql:1 call the file v_a.sql, after what it creates"
    ]


def test_catches_a_second_thing_and_none() -> None:
    two = routine("SELECT 1", language="sql") + VIEW
    assert found("one_thing", two) == ["f.sql:4 view v_a has a file of its own"]
    assert found("one_thing", "SELECT 1;") == ["f.sql:1 creates neither a routine nor a view"]


def test_leaves_overloads_triggers_and_comments_alone() -> None:
    text = routine("SELECT 1", language="sql") + routine("SELECT 1", language="sql", arguments="_a INT")
    text += "CREATE TRIGGER a BEFORE INSERT ON async.t FOR EACH ROW EXECUTE FUNCTION async.f();\n"
    assert found("one_thing", text + "COMMENT ON FUNCTION async.f() IS 'F';") == []
    assert (
        found(
            "one_thing", {"pgasync/once/t.sql": "CREATE TABLE async.a (a INT); CREATE TABLE async.b (a INT);"}
        )
        == []
    )
