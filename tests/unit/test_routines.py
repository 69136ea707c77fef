"""What is read out of the functions and procedures of the sources."""

from pathlib import Path

import pytest
from pgflow_build.routines import Routine, routines_of
from pgflow_build.sources import SourceError, SourceFile

TEXT = """\
-- é
CREATE OR REPLACE FUNCTION async.f(
  _s async.loop_t, _n INT DEFAULT 1, VARIADIC _rest TEXT[] DEFAULT '{}', total OUT BIGINT, slot OUT async.a_t)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$body$
/*
 * Does it.
 *
 * Writes async.task.
 */
#variable_conflict error
DECLARE
  held async.slot_t;
  held_all async.slot_t[] := _s.slots;
  probe pg_catalog.REFCURSOR;
  n CONSTANT INT := 1;
BEGIN
  held.state := 'BEGIN';
  FOR i IN 1..2 LOOP
    SELECT é.a, 2
    INTO held.a, total FROM async.task é;
  END LOOP;
  slot.state := held.state;
END;
$body$;
CREATE PROCEDURE async.p(INOUT _a INT) LANGUAGE sql AS 'SELECT ''é'', 1';
CREATE FUNCTION async.g() RETURNS TABLE (a INT, b TEXT) AS $$SELECT 1, 'b'$$ LANGUAGE sql;
"""


def routines(text: str = TEXT) -> list[Routine]:
    return list(routines_of(SourceFile(Path("/nowhere/f.sql"), "pgasync", "every", "f.sql", text)))


def test_signature_is_read() -> None:
    f, p, g = routines()
    assert [(r.kind, r.full_name, r.schema, r.language, r.line) for r in (f, p, g)] == [
        ("FUNCTION", "async.f", "async", "plpgsql", 2),
        ("PROCEDURE", "async.p", "async", "sql", 28),
        ("FUNCTION", "async.g", "async", "sql", 29),
    ]
    assert [(a.name, a.mode, a.has_default) for a in f.arguments] == [
        ("_s", "in", False),
        ("_n", "in", True),
        ("_rest", "variadic", True),
        ("total", "out", False),
        ("slot", "out", False),
    ]
    assert [(a.name, a.mode) for a in (*p.arguments, *g.arguments)] == [
        ("_a", "inout"),
        ("a", "table"),
        ("b", "table"),
    ]
    assert f.settings == {"search_path": "pg_catalog, pg_temp", "jit": "off"}
    assert f.line_of_name("total") == 3


def test_numbers_of_arguments_with_which_it_can_be_called() -> None:
    f, p, g = routines()
    assert (f.input_counts().start, 50 in f.input_counts()) == (1, True)
    assert (list(p.input_counts()), list(g.input_counts())) == ([1], [0])


def test_places_in_the_body_are_places_in_the_file() -> None:
    f, p, _ = routines()
    assert f.header is not None
    assert (f.header.line, f.header.last_line, f.header.words) == (8, 12, "Does it. Writes async.task.")
    assert f.line_in_body(f.code_start) == 19
    assert f.source.text[f.body_start + f.code_start :].startswith("BEGIN\n  held")
    assert p.body == "SELECT 'é', 1"
    assert p.header is None


def test_block_has_the_variables_with_the_types_that_are_written() -> None:
    block = routines()[0].block
    first = routines()[0].line_in_body(0) - 1
    assert [(v.name, v.type, first + v.line) for v in block.variables] == [
        ("held", "async.slot_t", 15),
        ("held_all", "async.slot_t[]", 16),
        ("probe", "pg_catalog.REFCURSOR", 17),
        ("n", "INT", 18),
        ("i", 'pg_catalog."integer"', 21),
    ]


def test_block_has_the_statements_and_expressions_in_order() -> None:
    routine = routines()[0]
    first = routine.line_in_body(0) - 1
    kinds = [(s.kind, first + s.line) for s in routine.block.statements if s.kind not in ("block", "return")]
    assert kinds == [("assign", 20), ("fori", 21), ("execsql", 22), ("assign", 25)]
    texts = [expression.text for expression in routine.block.expressions]
    assert texts[:4] == ["_s.slots", "1", "held.state := 'BEGIN'", "1"]
    assert "slot.state := held.state" in texts


def test_block_has_the_queries_of_cursors() -> None:
    body = "DECLARE c CURSOR FOR SELECT 1; BEGIN OPEN c; END;"
    (routine,) = routines(f"CREATE FUNCTION async.f() RETURNS VOID LANGUAGE plpgsql AS $${body}$$;")
    assert "SELECT 1" in [expression.text for expression in routine.block.expressions]


@pytest.mark.parametrize("body", ["BEGIN IF true THEN END;", "BEGIN x := 1; END;", "SELECT 1", "RETURN"])
def test_body_that_is_not_plpgsql_is_told_with_its_place(body: str) -> None:
    (routine,) = routines(f"\n\nCREATE FUNCTION async.f() RETURNS VOID LANGUAGE plpgsql AS $${body}$$;")
    with pytest.raises(SourceError, match=r"/nowhere/f.sql:3: async.f: body is not PL/pgSQL: "):
        _ = routine.block
