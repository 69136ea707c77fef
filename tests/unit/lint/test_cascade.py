from tests.unit.lint.sources import found, plpgsql

PLANTED = plpgsql("  DROP TABLE async.task CASCADE;\n  TRUNCATE async.task CASCADE;")


def test_catches_cascade_in_a_body() -> None:
    places = [problem.partition(" ")[0] for problem in found("cascade", PLANTED)]
    assert places == ["f.sql:4", "f.sql:5"]


def test_catches_cascade_in_a_file_and_in_sql_made_at_run_time() -> None:
    assert found("cascade", {"pgasync/once/t.sql": "ALTER TABLE async.t DROP COLUMN a CASCADE;"})
    assert found("cascade", plpgsql("  EXECUTE format('DROP VIEW %I CASCADE', 'v');"))


def test_leaves_foreign_keys_and_restrict_alone() -> None:
    table = "CREATE TABLE async.t (a INT REFERENCES async.u ON DELETE CASCADE);"
    assert found("cascade", {"pgasync/once/t.sql": table}) == []
    assert found("cascade", plpgsql("  TRUNCATE async.task;")) == []
