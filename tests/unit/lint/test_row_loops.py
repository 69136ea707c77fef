import pytest

from tests.unit.lint.sources import found, plpgsql, routine

LOOP = "  FOR r IN SELECT 1 LOOP NULL; END LOOP;"
PLANTED = plpgsql(LOOP, "  r RECORD;")


@pytest.mark.parametrize("query", ["SELECT 1", "EXECUTE 'SELECT 1'", "SELECT f.a FROM async.f() f"])
def test_catches_a_loop_without_a_reason(query: str) -> None:
    problems = found(
        "row_loops", plpgsql(f"  NULL; -- not this\n\n  FOR r IN {query} LOOP NULL; END LOOP;", "  r RECORD;")
    )
    assert len(problems) == 1
    assert problems[0].startswith("f.sql:8 say beside this loop")


def test_leaves_a_loop_with_a_comment_beside_it_alone() -> None:
    assert found("row_loops", plpgsql(f"  -- each commits by itself\n{LOOP}", "  r RECORD;")) == []
    assert (
        found(
            "row_loops", plpgsql(LOOP.replace("LOOP", "LOOP -- each commits by itself\n", 1), "  r RECORD;")
        )
        == []
    )
    body = f"/* A loop, since dblink has no call for several. */\nDECLARE\n  r RECORD;\nBEGIN\n{LOOP}\nEND;"
    assert found("row_loops", routine(body)) == []


def test_leaves_loops_over_numbers_and_arrays_alone() -> None:
    text = "  FOR i IN 1..2 LOOP NULL; END LOOP;\n  FOREACH n IN ARRAY ARRAY[1] LOOP NULL; END LOOP;"
    assert found("row_loops", plpgsql(text, "  n INT;")) == []
