import pytest

from tests.unit.lint.sources import PINNED, found, plpgsql, routine

PLANTED = plpgsql("  PERFORM now();", options="")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PERFORM now();", "qualify function now"),
        ("PERFORM FROM pg_class;", "qualify relation pg_class"),
        ("PERFORM 1::oid;", "qualify type oid"),
        ("PERFORM 1 + 2;", "write OPERATOR(pg_catalog.+)"),
        ("PERFORM -n;", "write OPERATOR(pg_catalog.-)"),
        ("PERFORM n IN (1, 2);", "IN uses an unqualified operator"),
        ("PERFORM n BETWEEN 1 AND 2;", "BETWEEN uses an unqualified operator"),
        ("PERFORM n IS DISTINCT FROM 2;", "IS DISTINCT FROM uses an unqualified operator"),
        ("PERFORM 'a' LIKE 'b';", "LIKE uses an unqualified operator"),
        ("PERFORM nullif(n, 1);", "nullif() uses an unqualified operator"),
        ("PERFORM n = ANY('{1}');", "write OPERATOR(pg_catalog.=)"),
        ("PERFORM n IN (SELECT 1);", "a comparison with a subquery uses an unqualified operator"),
        ("PERFORM CASE n WHEN 1 THEN 2 END;", "CASE with a value compares with an unqualified ="),
        ("CASE n WHEN 1 THEN NULL; END CASE;", "CASE with a value compares with an unqualified ="),
        ("PERFORM FROM async.a JOIN async.b USING (i);", "USING and NATURAL compare with an unqualified ="),
    ],
)
def test_catches_each_kind_of_name(statement: str, message: str) -> None:
    problems = found("unpinned_names", plpgsql(f"  {statement}", "  n INT;", options=""))
    assert any(problem.startswith(f"f.sql:6 {message}") for problem in problems)


def test_catches_types_of_locals_and_bodies_in_sql() -> None:
    problems = found("unpinned_names", plpgsql("  NULL;", "  a TEXT;", options=""))
    assert problems == ["f.sql:4 qualify type text"]
    assert len(found("unpinned_names", routine("SELECT a FROM t", language="sql", options=""))) == 1


@pytest.mark.parametrize("sender", ["dblink_send", "dblink_query"])
def test_catches_names_in_what_is_sent_elsewhere(sender: str) -> None:
    text = plpgsql(f"  PERFORM async.{sender}('c', 'SELECT now()');")
    assert found("unpinned_names", text) == ["f.sql:4 qualify function now"]


def test_catches_names_in_bodies_that_execute_makes() -> None:
    made = "CREATE FUNCTION async.g() RETURNS TEXT LANGUAGE sql {} AS $b$SELECT %1$I.g()::TEXT$b$;"
    text = plpgsql(f"  EXECUTE format($q${made.format('')}$q$, 'a');")
    assert found("unpinned_names", text) == ["f.sql:4 qualify type text"]
    text = plpgsql(f"  EXECUTE format($q${made.format(PINNED)}$q$, 'a');")
    assert found("unpinned_names", text) == []


def test_leaves_qualified_names_alone() -> None:
    body = """
  IF n OPERATOR(pg_catalog.=) 1 AND NOT b THEN
    PERFORM pg_catalog.now(), coalesce(n, 2), greatest(1, 2), INTERVAL '1 s', b::BOOLEAN
    FROM async.task t WHERE t.i OPERATOR(pg_catalog.=) ANY('{1}'::INT[]) ORDER BY t.i;
  END IF;
  WITH w AS (SELECT 1) SELECT 2 INTO n FROM w;"""
    assert found("unpinned_names", plpgsql(body, "  n INT;\n  b pg_catalog.bool;", options="")) == []


def test_leaves_pinned_routines_alone() -> None:
    assert found("unpinned_names", plpgsql("  PERFORM 1 + 2 FROM pg_class;", options=PINNED)) == []
