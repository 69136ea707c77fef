import pytest

from tests.unit.lint.sources import found, plpgsql, routine

NEWER = {
    "CREATE TABLE async.made (a INT) USING heap;": 12,
    "CREATE TABLE async.made (a INT, b INT GENERATED ALWAYS AS (a) STORED);": 12,
    "CREATE TABLE async.made (LIKE async.u INCLUDING GENERATED);": 12,
    "CREATE INDEX made ON async.t USING gist (p) INCLUDE (b);": 12,
    "CREATE STATISTICS async.made ON (a + 1) FROM async.t;": 14,
    "CREATE OR REPLACE TRIGGER made BEFORE INSERT ON async.t FOR EACH ROW EXECUTE FUNCTION async.f();": 14,
    "CREATE PROCEDURE async.made(OUT a INT) LANGUAGE sql AS 'SELECT 1';": 14,
    "CREATE FUNCTION async.made() RETURNS INT LANGUAGE sql BEGIN ATOMIC SELECT 1; END;": 14,
    "CREATE FUNCTION async.made() RETURNS INT LANGUAGE sql RETURN 1;": 14,
    "CREATE TABLE async.made (a TEXT COMPRESSION pglz);": 14,
    "CREATE UNIQUE INDEX made ON async.t(a) NULLS NOT DISTINCT;": 15,
    "CREATE TABLE async.made (a INT UNIQUE NULLS NOT DISTINCT);": 15,
    "CREATE VIEW async.made WITH (security_invoker = true) AS SELECT 1 AS a;": 15,
    "CREATE TABLE async.made (a TEXT STORAGE plain);": 16,
    "CREATE VIEW async.made AS SELECT a FROM (SELECT 1 AS a);": 16,
    "CREATE TABLE async.made (a INT DEFAULT 0x1F);": 16,
    "CREATE TABLE async.made (a INT DEFAULT 1_000);": 16,
}
"""Statements, and the first major that takes them; tests/server/test_rule_facts.py tries them."""

NEWER_QUERIES = {
    "WITH w AS MATERIALIZED (SELECT 1 AS a) SELECT w.a FROM w": 12,
    "WITH w AS NOT MATERIALIZED (SELECT 1 AS a) SELECT w.a FROM w": 12,
    "SELECT a FROM async.t ORDER BY a FETCH FIRST 1 ROW WITH TIES": 13,
    "SELECT ('{\"a\": 1}'::jsonb)['a']": 14,
    "WITH RECURSIVE w AS (SELECT 1 AS a UNION ALL SELECT a FROM w) SEARCH DEPTH FIRST BY a SET o SELECT": 14,
    "WITH RECURSIVE w AS (SELECT 1 AS a UNION ALL SELECT a FROM w) CYCLE a SET c USING p SELECT 1": 14,
    "SELECT 1 FROM async.t GROUP BY DISTINCT ROLLUP (a), ROLLUP (b)": 14,
    "SELECT 1 FROM async.t JOIN async.u USING (a) AS j": 14,
    "SELECT 1 FROM (SELECT 1 AS a)": 16,
    "SELECT '1' IS JSON": 16,
    "SELECT JSON_OBJECT('a': 1)": 16,
    "SELECT JSON_ARRAY(1, 2)": 16,
    "SELECT JSON_ARRAYAGG(a) FROM async.t": 16,
    "SELECT JSON_VALUE('{}'::jsonb, '$.a')": 17,
    "SELECT a FROM JSON_TABLE('{}'::jsonb, '$' COLUMNS (a INT PATH '$.a')) j": 17,
}
NEWER_STATEMENTS = {
    "MERGE INTO async.t USING async.u ON true WHEN MATCHED THEN DELETE;": 15,
    "INSERT INTO async.t VALUES (1) RETURNING new.a INTO n;": 18,
    "COMMIT AND CHAIN;": 12,
    "slots[1].a := 1;": 14,
    "slots[1:2] := ARRAY[slot, slot];": 14,
    "slot.part.a := 1;": 14,
    "GET DIAGNOSTICS n = PG_ROUTINE_OID;": 16,
    "n := 0b11; ASSERT n = 3;": 16,
}
"""Statements of PL/pgSQL, with DECLARE before them; 11 reads 0b11 as 0 without a word."""

DECLARE = "  n INT;\n  slot async.slot_t;\n  slots async.slot_t[];"
SETUP = """
CREATE SCHEMA async;
CREATE TABLE async.t (a INT, b INT, p POINT);
CREATE TABLE async.u (a INT, b INT);
CREATE TYPE async.part_t AS (a INT);
CREATE TYPE async.slot_t AS (a INT, part async.part_t, list INT[]);
CREATE FUNCTION async.f() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE PROCEDURE async.p(INOUT _a INT) LANGUAGE plpgsql AS 'BEGIN END';
"""
"""What the statements take for granted."""

PLANTED = plpgsql("  MERGE INTO async.t USING async.u ON true WHEN MATCHED THEN DELETE;")


@pytest.mark.parametrize(("statement", "first"), NEWER.items())
def test_catches_newer_statements(statement: str, first: int) -> None:
    problems = found("newer_syntax", {"pgasync/once/t.sql": f"SELECT 1;\n{statement}"})
    assert len(problems) == 1
    assert problems[0].startswith(f"t.sql:2 PostgreSQL has it from {first} on: ")


@pytest.mark.parametrize(("query", "first"), NEWER_QUERIES.items())
def test_catches_newer_queries_in_views_bodies_and_text(query: str, first: int) -> None:
    for text in (
        f"\n\n\nCREATE VIEW async.v_a AS {query};",
        routine(f"\n\n{query}", language="sql"),
        plpgsql(f"  EXECUTE $q${query}$q$;"),
        plpgsql(f"  RETURN QUERY {query};", returns="RETURNS SETOF INT"),
    ):
        problems = found("newer_syntax", text)
        assert len(problems) == 1
        assert problems[0].startswith(f"f.sql:4 PostgreSQL has it from {first} on: ")


@pytest.mark.parametrize(("statement", "first"), NEWER_STATEMENTS.items())
def test_catches_newer_statements_in_bodies(statement: str, first: int) -> None:
    problems = found("newer_syntax", plpgsql(f"  {statement}", DECLARE))
    assert len(problems) == 1
    assert problems[0].startswith(f"f.sql:8 PostgreSQL has it from {first} on: ")


def test_catches_a_query_as_an_argument_of_call() -> None:
    problems = found("newer_syntax", plpgsql("  CALL async.p(1,\n    ARRAY(SELECT 1));"))
    assert problems == ["f.sql:5 a subquery is no argument of CALL: put it in a variable first"]


def test_leaves_what_11_has_alone() -> None:
    files = {
        "pgasync/once/t.sql": """
CREATE TABLE async.t (a INT GENERATED ALWAYS AS IDENTITY, b JSONB, LIKE async.u INCLUDING ALL);
CREATE INDEX i ON async.t(a) INCLUDE (b);
CREATE STATISTICS async.s ON a, b FROM async.t;
CREATE TRIGGER a BEFORE INSERT ON async.t FOR EACH ROW EXECUTE FUNCTION async.f();
CREATE VIEW async.v_a WITH (security_barrier) AS SELECT s.a FROM (SELECT 1 AS a) s FETCH FIRST 1 ROW ONLY;
""",
        "pgasync/every/p.sql": routine(
            "SELECT 1", kind="PROCEDURE", returns="", arguments="INOUT _a INT", language="sql"
        ),
        "pgasync/every/f.sql": plpgsql(
            """
  slots[n + 1] := slot;
  slot.a := 1;
  slot.list[2] := 3;
  n := slots[1].a + 1.5e10 + (slots[1:2])[1].a;
  SELECT (_s.slots)[1], x[1:2] INTO n, slots FROM unnest('{1}'::INT[]) WITH ORDINALITY u(a, n);
  GET DIAGNOSTICS n = ROW_COUNT;
  CALL async.p(n);
  COMMIT;""",
            DECLARE,
        ),
    }
    assert found("newer_syntax", files) == []
