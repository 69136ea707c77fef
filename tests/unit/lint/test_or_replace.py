from tests.unit.lint.sources import found, routine

ONCE = {"pgasync/once/t.sql": "CREATE OR REPLACE VIEW async.v_a AS SELECT 1 AS a;\n"}
PLANTED = {"pgasync/every/f.sql": routine("SELECT 1", language="sql").replace(" OR REPLACE", "")}
TRIGGER = "CREATE TRIGGER a BEFORE INSERT ON async.t FOR EACH ROW EXECUTE FUNCTION async.f();\n"


def test_catches_what_would_fail_the_second_time() -> None:
    assert found("or_replace", PLANTED) == ["f.sql:1 write CREATE OR REPLACE: files of every/ run again"]
    assert len(found("or_replace", "CREATE VIEW async.v_a AS SELECT 1 AS a;")) == 1
    assert len(found("or_replace", "CREATE PROCEDURE async.p() LANGUAGE sql AS '';")) == 1
    assert "DROP TRIGGER IF EXISTS a" in found("or_replace", TRIGGER)[0]
    assert len(found("or_replace", f"DROP TRIGGER a ON async.t;\n{TRIGGER}")) == 1
    assert len(found("or_replace", f"DROP TRIGGER IF EXISTS a ON async.u;\n{TRIGGER}")) == 1


def test_catches_or_replace_where_it_runs_once() -> None:
    assert found("or_replace", ONCE)[0].startswith("t.sql:1 files of once/ run once")


def test_leaves_what_can_run_again_alone() -> None:
    text = routine("SELECT 1", language="sql") + f"DROP TRIGGER IF EXISTS a ON async.t;\n{TRIGGER}"
    assert found("or_replace", text) == []
    assert found("or_replace", {"pgasync/once/t.sql": "CREATE TABLE async.t (a INT);"}) == []
