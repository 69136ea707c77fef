from tests.unit.lint.sources import found, plpgsql

PLANTED = {"pgasync/once/t.sql": "CREATE TYPE async.state_t AS ENUM ('a');\n"}


def test_catches_enums_that_are_made_or_changed() -> None:
    assert found("no_enum", PLANTED)[0].startswith("t.sql:1 no enum")
    assert found("no_enum", {"pgasync/once/t.sql": "ALTER TYPE async.state_t ADD VALUE 'b';"})
    assert found("no_enum", plpgsql("  EXECUTE 'CREATE TYPE async.a_t AS ENUM ()';"))


def test_leaves_domains_alone() -> None:
    text = "CREATE DOMAIN async.state_t AS TEXT CONSTRAINT state_known CHECK (VALUE IN ('a'));"
    assert found("no_enum", {"pgasync/once/t.sql": text}) == []
