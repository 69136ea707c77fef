from tests.unit.lint.sources import found, plpgsql

PLANTED = {"pgasync/once/t.sql": "CREATE TABLE IF NOT EXISTS async.t (a INT);\n"}


def test_catches_tables_schemas_and_indexes() -> None:
    assert found("if_not_exists", PLANTED)[0].startswith("t.sql:1 ")
    assert found("if_not_exists", {"pgasync/once/t.sql": "CREATE SCHEMA IF NOT EXISTS async;"})
    assert found("if_not_exists", {"pgasync/once/t.sql": "CREATE INDEX IF NOT EXISTS i ON async.t(a);"})
    assert found("if_not_exists", plpgsql("  EXECUTE 'CREATE SEQUENCE IF NOT EXISTS async.s';"))


def test_leaves_temporary_tables_alone() -> None:
    assert found("if_not_exists", plpgsql("  CREATE TEMPORARY TABLE IF NOT EXISTS t (a INT);")) == []
