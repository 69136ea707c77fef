import pytest

from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = {"pgasync/once/t.sql": "CREATE TABLE async.t (\n  a VARCHAR(10)\n);\n"}
WRONG = [
    "VARCHAR(10)",
    "VARCHAR",
    "CHAR(3)",
    "TIMESTAMP",
    "TIME WITH TIME ZONE",
    "SERIAL",
    "BIGSERIAL",
    "MONEY",
    "REAL",
]
WRONG += ["JSON", "BIT(3)"]


@pytest.mark.parametrize("name", WRONG)
def test_catches_columns_arguments_locals_and_casts(name: str) -> None:
    assert found("types", {"pgasync/once/t.sql": f"CREATE TABLE async.t (\n  a {name}\n);"})[0].startswith(
        "t.sql:2 use"
    )
    assert found("types", plpgsql("  NULL;", arguments=f"_a {name}"))
    assert found("types", plpgsql("  NULL;", f"  a {name};"))[0].startswith("f.sql:4 use")
    assert found("types", plpgsql(f"  PERFORM '1'::{name};"))[0].startswith("f.sql:4 use")


@pytest.mark.parametrize("name", ["INTEGER", "BOOLEAN", "DECIMAL", "DOUBLE PRECISION", "int4"])
def test_catches_second_spellings(name: str) -> None:
    assert (
        "as everywhere else" in found("types", {"pgasync/once/t.sql": f"CREATE TABLE async.t (a {name});"})[0]
    )
    assert "as everywhere else" in found("types", plpgsql(f"  PERFORM 1::{name};"))[0]


def test_leaves_the_usual_types_alone() -> None:
    names = (
        "INT",
        "BIGINT",
        "BOOL",
        "TEXT[]",
        "JSONB",
        "UUID",
        "TIMESTAMPTZ",
        "INTERVAL",
        "NUMERIC",
        "FLOAT8",
    )
    columns = ", ".join(f"a{n} {name}" for n, name in enumerate(names))
    assert found("types", {"pgasync/once/t.sql": f"CREATE TABLE async.t ({columns});"}) == []
    body = "/* A boolean, as in integer. */\nSELECT 'integer', json_build_object('a', 1)::TEXT"
    assert found("types", routine(body, language="sql")) == []
