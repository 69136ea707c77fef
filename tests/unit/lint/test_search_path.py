import pytest

from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = plpgsql("  NULL;", options="")


def test_catches_a_routine_without_it() -> None:
    assert found("search_path", PLANTED) == ["f.sql:1 async.f needs SET search_path = pg_catalog, pg_temp"]
    procedure = plpgsql("  NULL;", options="", kind="PROCEDURE", returns="")
    assert len(found("search_path", procedure)) == 1


@pytest.mark.parametrize("path", ["pg_catalog", "pg_catalog, pg_temp, public", "pg_temp, pg_catalog", "''"])
def test_catches_another_one(path: str) -> None:
    problems = found("search_path", plpgsql("  NULL;", options=f"SET search_path = {path}"))
    assert len(problems) == 1
    assert ", not " in problems[0] or path == "''"


def test_catches_a_set_clause_on_a_procedure_that_commits() -> None:
    text = plpgsql("  IF true THEN COMMIT; END IF;", kind="PROCEDURE", returns="")
    assert "commits, which SET forbids" in found("search_path", text)[0]


def test_leaves_pinned_ones_and_procedures_that_commit_alone() -> None:
    assert found("search_path", plpgsql("  NULL;")) == []
    assert (
        found(
            "search_path", plpgsql("  NULL;", options="SET search_path TO pg_catalog, pg_temp SET jit = off")
        )
        == []
    )
    assert found("search_path", plpgsql("  COMMIT;", options="", kind="PROCEDURE", returns="")) == []
    assert found("search_path", routine("SELECT 1", language="sql", returns="RETURNS INT")) == []
