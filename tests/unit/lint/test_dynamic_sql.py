import re
from pathlib import Path

import pytest
from pgflow_build.lint.dynamic import SENDERS

from tests.unit.lint.sources import found, plpgsql, routine

REPOSITORY = Path(__file__).resolve().parents[3]
PLANTED = plpgsql("  EXECUTE 'DELETE FROM ' || _table;", arguments="_table TEXT")


def told(
    statements: str, declare: str = "  n INT;", arguments: str = "_a TEXT, _s async.slot_t"
) -> list[str]:
    """What is found, without the first six lines: statements begin on line 6."""
    return found("dynamic_sql", plpgsql(statements, declare, arguments=arguments))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'DELETE FROM ' || _a", "joins texts with ||"),
        ("'DELETE FROM ' || quote_ident(_a)", "joins texts with ||"),
        ("concat('DELETE FROM ', _a)", "comes from concat()"),
        ("replace('DELETE FROM @t', '@t', _a)", "comes from replace()"),
        ("format('DELETE FROM %s', _a)", "comes from argument _a"),
        ("format('DELETE FROM %1$s WHERE a = %2$L', _a, 1)", "comes from argument _a"),
        ("format('DELETE FROM %I WHERE %s', _a, _s.query)", "comes from _s.query"),
        ("format(_a)", "a template that is no literal"),
        ("format('SELECT %I')", "lacks an argument"),
        ("format('SELECT %L', VARIADIC '{1}'::TEXT[])", "arguments that cannot be counted"),
        ("_s.query", "comes from _s.query, which may hold anything"),
        ("async.message(_s)", "comes from async.message()"),
        ("CASE n WHEN 1 THEN 'SELECT 1' ELSE 'SELECT ' || _a END", "joins texts with ||"),
        ("'SELEC 1'", "does not parse"),
    ],
)
@pytest.mark.parametrize(
    "runner",
    [
        "EXECUTE {} INTO n;",
        "OPEN c FOR EXECUTE {};",
        "FOR r IN EXECUTE {} LOOP NULL; END LOOP;",
        "PERFORM async.dblink_send('c', {});",
        "PERFORM FROM async.dblink_query(_query => {}, _name => 'c');",
    ],
)
def test_catches_what_may_hold_anything_wherever_it_is_run(
    runner: str, expression: str, message: str
) -> None:
    problems = told("  " + runner.format(expression), "  n INT; c REFCURSOR; r RECORD;")
    assert len(problems) == 1
    assert problems[0].startswith("f.sql:6 query of ")
    assert message in problems[0]


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ("  q := 'SELECT ' || _a;\n  EXECUTE q;", "joins texts with ||"),
        ("  SELECT _a INTO q;\n  EXECUTE q;", "comes from q, which a query or a loop sets"),
        ("  FOR q IN SELECT 'a' LOOP EXECUTE q; END LOOP;", "comes from q, which a query or a loop sets"),
        ("  EXECUTE q;", "comes from q, which may hold anything"),
        ("  q := 'SELECT 1';\n  q := q || _a;\n  EXECUTE q;", "joins texts with ||"),
        ("  q := format('SELECT %s', q);\n  EXECUTE q;", "which may hold anything"),
    ],
)
def test_catches_what_a_local_may_hold(statements: str, message: str) -> None:
    problems = told(statements, "  q TEXT;")
    assert any(message in problem for problem in problems)


def test_catches_what_return_query_executes() -> None:
    text = plpgsql(
        "  RETURN QUERY EXECUTE 'SELECT ' || _a;", arguments="_a TEXT", returns="RETURNS SETOF INT"
    )
    assert len(found("dynamic_sql", text)) == 1


def test_every_routine_of_ours_that_sends_a_query_is_known() -> None:
    bindings = (REPOSITORY / "sql/pgasync/every/bind_dblink.sql").read_text(encoding="utf-8")
    made = re.findall(r"FUNCTION (async\.\w+)\((.*?)\) RETURNS", bindings)
    names = {name: [part.split()[0] for part in arguments.split(", ") if part] for name, arguments in made}
    senders = {name: (a.index("_query"), "_query") for name, a in names.items() if "_query" in a}
    assert senders == SENDERS


def test_catches_what_is_handed_to_a_routine_of_ours_that_runs_it() -> None:
    files = {
        "pgasync/every/ask.sql": plpgsql(
            "  EXECUTE _query;", name="async.ask", arguments="_n INT, _query TEXT"
        ),
        "pgasync/every/pass_on.sql": plpgsql(
            "  PERFORM async.ask(1, _q);", name="async.pass_on", arguments="_q TEXT"
        ),
        "pgasync/every/f.sql": plpgsql("  PERFORM async.pass_on('DELETE FROM ' || _a);", arguments="_a TEXT"),
    }
    assert found("dynamic_sql", files) == [
        "f.sql:4 query of async.pass_on() joins texts with ||: use format() with %I and %L, or USING"
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "'DO ' || _a",
        "concat('BEGIN RESET ROLE; ', _a)",
        "format('CALL %s()', _a)",
        "concat_ws(' ', 'INSERT INTO async.t VALUES', _a)",
        "format('%s', 'a' || ('SELECT ' || _a))",
    ],
)
def test_catches_pasted_text_that_looks_like_sql(expression: str) -> None:
    text = routine(
        f"/* Makes a text. */\nSELECT {expression}",
        language="sql",
        arguments="_a TEXT",
        returns="RETURNS TEXT",
    )
    problems = found("dynamic_sql", text)
    assert len(problems) == 1
    assert problems[0].startswith("f.sql:3 SQL ")


@pytest.mark.parametrize(
    "expression",
    [
        "'SELECT 1'",
        "'SELECT 1; ' || 'SELECT 2'",
        "$q$SELECT 1$q$",
        "format('SELECT %L::INT, %I.a, ''100%%'' FROM async.%2$I', 1, _a)",
        "pg_catalog.format('SELECT %L', _a)",
        "format('LOCK TABLE async.receipt_%s', CASE n WHEN 0 THEN '0' ELSE '1' END)",
        "format('SELECT %s($1)', _a::REGPROC)",
        "format('SELECT count(*) FROM %s', _a::REGCLASS::TEXT)",
        "format('SELECT %s', quote_literal(_a))",
        "_a",
        "CASE n WHEN 1 THEN 'SELECT 1' ELSE format('SELECT %L', _a) END",
    ],
)
def test_leaves_what_is_quoted_alone(expression: str) -> None:
    assert told(f"  EXECUTE {expression} INTO n USING n;") == []
    assert told(f"  PERFORM async.dblink_send('c', {expression});") == []


def test_leaves_locals_whose_texts_are_known_alone() -> None:
    statements = """
  IF n = 1 THEN
    place := 'async.other';
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE MODE', place);
  query := format('DELETE FROM %s WHERE a = %L', place, _a);
  EXECUTE query;"""
    assert (
        told(
            statements,
            "  n INT;\n  query TEXT;\n  place TEXT := CASE n WHEN 1 THEN 'async.a' ELSE 'async.b' END;",
        )
        == []
    )


def test_leaves_texts_for_people_alone() -> None:
    body = "/* Makes a text. */\nSELECT 'selected ' || _a || concat('Call ', _a) || format('updated: %s', _a)"
    assert (
        found("dynamic_sql", routine(body, language="sql", arguments="_a TEXT", returns="RETURNS TEXT")) == []
    )
