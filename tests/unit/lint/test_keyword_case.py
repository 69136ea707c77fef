import pytest

from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = plpgsql("  perform 1;")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("perform 1;", "PERFORM"),
        ("if n = 1 THEN NULL; END IF;", "IF"),
        ("IF n = 1 then NULL; END IF;", "THEN"),
        ("PERFORM 1 from async.t;", "FROM"),
        ("PERFORM FROM async.a left JOIN async.b ON true;", "LEFT"),
        ("PERFORM n is NULL;", "IS"),
        ("PERFORM 1::text;", "TEXT"),
        ("PERFORM TRUE;", "true"),
        ("PERFORM COALESCE(n, 1);", "coalesce"),
        ("PERFORM CURRENT_DATE;", "current_date"),
        ("delete FROM async.t;", "DELETE"),
    ],
)
def test_catches_words_in_the_other_case(statement: str, word: str) -> None:
    assert found("keyword_case", plpgsql(f"  {statement}", "  n INT;")) == [f"f.sql:6 write {word}"]


def test_catches_words_outside_bodies() -> None:
    problems = found(
        "keyword_case", {"pgasync/once/t.sql": "create TABLE async.t (a INT not NULL DEFAULT TRUE);"}
    )
    assert problems == ["t.sql:1 write CREATE", "t.sql:1 write NOT", "t.sql:1 write true"]


def test_leaves_names_that_are_keywords_elsewhere_alone() -> None:
    body = """
  PERFORM t.end, t.position, left('abc', 1), coalesce(n, open), t.name AS user, 1::pg_catalog.text
  FROM async.target t LEFT JOIN async.u ON true WHERE key = 'select from' AND value IS NULL -- select from
  ORDER BY position, session_user;"""
    assert found("keyword_case", plpgsql(body, "  n INT;\n  open TEXT[];\n  action TEXT;")) == []
    assert found("keyword_case", routine("SELECT interval, level FROM async.t", language="sql")) == []
