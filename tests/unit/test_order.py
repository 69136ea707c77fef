"""Each object is there before a statement needs it, and is created once."""

from pathlib import Path

import pytest
from pgflow_build.extension import read_extensions
from pgflow_build.order import findings

from tests.support.tree import Tree

LATER = """
CREATE DOMAIN pgflow.d AS INT;
CREATE TABLE pgflow.t(t INT PRIMARY KEY);
CREATE TYPE pgflow.c AS (c INT);
CREATE SEQUENCE pgflow.s;
CREATE FUNCTION pgflow.g(_a INT, _b INT DEFAULT 1) RETURNS INT LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION pgflow.h() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN END';
CREATE VIEW pgflow.v AS SELECT 1 AS one;
CREATE TRIGGER h BEFORE INSERT ON pgflow.t EXECUTE PROCEDURE pgflow.h();
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def found(tree: Tree) -> list[str]:
    return [str(finding) for finding in findings(read_extensions(tree.root), tree.root)]


def with_later(tree: Tree, text: str) -> list[str]:
    """Return what is found where ``text`` runs and then all of LATER."""
    tree.put("pgflow", "once/early.sql", f"-- é\n{text}")
    tree.put("pgflow", "once/later.sql", LATER)
    tree.list("pgflow", once=("schema.sql", "a.sql", "early.sql", "later.sql"))
    return found(tree)


NEEDS = [
    ("column's type", "CREATE TABLE pgflow.x(x pgflow.d);", "type pgflow.d", 2),
    ("type of an array", "CREATE TABLE pgflow.x(x pgflow.c[]);", "type pgflow.c", 4),
    ("row type", "CREATE TABLE pgflow.x(x pgflow.t);", "type pgflow.t", 3),
    ("type of a domain", "CREATE DOMAIN pgflow.x AS pgflow.c[];", "type pgflow.c", 4),
    ("type of a part", "CREATE TYPE pgflow.x AS (x pgflow.d);", "type pgflow.d", 2),
    ("LIKE", "CREATE TABLE pgflow.x(LIKE pgflow.t);", "relation pgflow.t", 3),
    ("INHERITS", "CREATE TABLE pgflow.x() INHERITS (pgflow.t);", "relation pgflow.t", 3),
    ("OF", "CREATE TABLE pgflow.x OF pgflow.c;", "type pgflow.c", 4),
    ("foreign key", "CREATE TABLE pgflow.x(x INT REFERENCES pgflow.t);", "relation pgflow.t", 3),
    (
        "foreign key added",
        "ALTER TABLE pgflow.a ADD FOREIGN KEY (a) REFERENCES pgflow.t;",
        "relation pgflow.t",
        3,
    ),
    ("default", "CREATE TABLE pgflow.x(x INT DEFAULT pgflow.g(1));", "routine pgflow.g", 6),
    (
        "sequence of a default",
        "CREATE TABLE pgflow.x(x INT DEFAULT nextval('pgflow.s'));",
        "relation pgflow.s",
        5,
    ),
    ("constant", "CREATE TABLE pgflow.x(x OID DEFAULT 'pgflow.t'::regclass);", "relation pgflow.t", 3),
    (
        "constant, a routine",
        "CREATE TABLE pgflow.x(x OID DEFAULT 'pgflow.g(int,int)'::regprocedure);",
        "routine pgflow.g(int4, int4)",
        6,
    ),
    ("constant, a type", "CREATE TABLE pgflow.x(x OID DEFAULT 'pgflow.d'::regtype);", "type pgflow.d", 2),
    ("CHECK", "CREATE TABLE pgflow.x(x INT CHECK (pgflow.g(x) > 0));", "routine pgflow.g", 6),
    (
        "CHECK of a domain",
        "CREATE DOMAIN pgflow.x AS INT CHECK (pgflow.g(VALUE) > 0);",
        "routine pgflow.g",
        6,
    ),
    ("index", "CREATE INDEX x ON pgflow.t(t);", "relation pgflow.t", 3),
    ("index expression", "CREATE INDEX x ON pgflow.a(pgflow.g(a));", "routine pgflow.g", 6),
    ("index condition", "CREATE INDEX x ON pgflow.a(a) WHERE pgflow.g(a) > 0;", "routine pgflow.g", 6),
    ("view's table", "CREATE VIEW pgflow.x AS SELECT FROM pgflow.t;", "relation pgflow.t", 3),
    (
        "view's view, deep",
        "CREATE VIEW pgflow.x AS SELECT (SELECT one FROM pgflow.v);",
        "relation pgflow.v",
        8,
    ),
    ("view's function", "CREATE VIEW pgflow.x AS SELECT FROM pgflow.g(1);", "routine pgflow.g", 6),
    ("view's cast", "CREATE VIEW pgflow.x AS SELECT 1::pgflow.d;", "type pgflow.d", 2),
    (
        "argument's type",
        "CREATE FUNCTION pgflow.x(_a pgflow.d) RETURNS INT LANGUAGE sql AS '';",
        "type pgflow.d",
        2,
    ),
    (
        "argument's default",
        "CREATE FUNCTION pgflow.x(_a INT DEFAULT pgflow.g(1)) RETURNS INT LANGUAGE sql AS '';",
        "routine pgflow.g",
        6,
    ),
    (
        "return type",
        "CREATE FUNCTION pgflow.x() RETURNS SETOF pgflow.t LANGUAGE sql AS '';",
        "type pgflow.t",
        3,
    ),
    (
        "returned column",
        "CREATE FUNCTION pgflow.x() RETURNS TABLE(a pgflow.c) LANGUAGE sql AS '';",
        "type pgflow.c",
        4,
    ),
    (
        "column's type as an argument's",
        "CREATE FUNCTION pgflow.x(_a pgflow.t.t%TYPE) RETURNS INT LANGUAGE sql AS '';",
        "relation pgflow.t",
        3,
    ),
    (
        "trigger's table",
        "CREATE TRIGGER x BEFORE INSERT ON pgflow.v EXECUTE PROCEDURE pg_catalog.x();",
        "relation pgflow.v",
        8,
    ),
    (
        "trigger's function",
        "CREATE TRIGGER x BEFORE INSERT ON pgflow.a EXECUTE PROCEDURE pgflow.h();",
        "routine pgflow.h()",
        7,
    ),
    (
        "trigger's condition",
        "CREATE TRIGGER x BEFORE INSERT ON pgflow.a FOR EACH ROW WHEN (pgflow.g(NEW.a) > 0)"
        " EXECUTE PROCEDURE pg_catalog.x();",
        "routine pgflow.g",
        6,
    ),
    ("owner of a sequence", "CREATE SEQUENCE pgflow.x OWNED BY pgflow.t.t;", "relation pgflow.t", 3),
    ("COMMENT ON TABLE", "COMMENT ON TABLE pgflow.t IS '';", "relation pgflow.t", 3),
    ("COMMENT ON VIEW", "COMMENT ON VIEW pgflow.v IS '';", "relation pgflow.v", 8),
    ("COMMENT ON COLUMN", "COMMENT ON COLUMN pgflow.t.t IS '';", "relation pgflow.t", 3),
    ("COMMENT ON TYPE", "COMMENT ON TYPE pgflow.c IS '';", "type pgflow.c", 4),
    ("COMMENT ON DOMAIN", "COMMENT ON DOMAIN pgflow.d IS '';", "type pgflow.d", 2),
    ("COMMENT ON SEQUENCE", "COMMENT ON SEQUENCE pgflow.s IS '';", "relation pgflow.s", 5),
    (
        "COMMENT ON FUNCTION",
        "COMMENT ON FUNCTION pgflow.g(INT, INTEGER) IS '';",
        "routine pgflow.g(int4, int4)",
        6,
    ),
    ("COMMENT ON TRIGGER", "COMMENT ON TRIGGER h ON pgflow.t IS '';", "trigger h on pgflow.t", 9),
    ("ALTER FUNCTION", "ALTER FUNCTION pgflow.g(INT, INT) VOLATILE;", "routine pgflow.g(int4, int4)", 6),
    ("ALTER DOMAIN", "ALTER DOMAIN pgflow.d DROP DEFAULT;", "type pgflow.d", 2),
    ("ALTER TYPE … OWNER", "ALTER TYPE pgflow.c OWNER TO pg_monitor;", "type pgflow.c", 4),
    ("ALTER SEQUENCE", "ALTER SEQUENCE pgflow.s CYCLE;", "relation pgflow.s", 5),
    ("DROP", "DROP TABLE pgflow.t;", "relation pgflow.t", 3),
    ("GRANT ON TABLE", "GRANT SELECT ON pgflow.t TO pg_monitor;", "relation pgflow.t", 3),
    ("GRANT ON TYPE", "GRANT USAGE ON TYPE pgflow.c TO pg_monitor;", "type pgflow.c", 4),
    (
        "GRANT ON FUNCTION",
        "GRANT EXECUTE ON FUNCTION pgflow.g(INT, INT) TO pg_monitor;",
        "routine pgflow.g(int4, int4)",
        6,
    ),
    ("INSERT", "INSERT INTO pgflow.t VALUES (1);", "relation pgflow.t", 3),
    ("SELECT", "SELECT pgflow.g(1);", "routine pgflow.g", 6),
]


@pytest.mark.parametrize(("text", "need", "line"), [row[1:] for row in NEEDS], ids=[row[0] for row in NEEDS])
def test_what_comes_too_late_is_found(tree: Tree, text: str, need: str, line: int) -> None:
    report = with_later(tree, text)
    assert report
    assert all(finding.startswith("sql/pgflow/once/early.sql:2: order: ") for finding in report)
    assert any(
        f" needs {need}, which is created later, in sql/pgflow/once/later.sql:{line}" in finding
        for finding in report
    )


@pytest.mark.parametrize(
    "text", [row[1] for row in NEEDS if row[0] != "DROP"], ids=[r[0] for r in NEEDS if r[0] != "DROP"]
)
def test_the_same_behind_it_passes(tree: Tree, text: str) -> None:
    tree.put("pgflow", "once/b.sql", LATER + text)
    tree.list("pgflow", once=("schema.sql", "a.sql", "b.sql"))
    assert found(tree) == []


@pytest.mark.parametrize(
    "text",
    [
        "CREATE FUNCTION pgflow.x() RETURNS INT LANGUAGE sql AS 'SELECT pgflow.g(t) FROM pgflow.t';",
        "CREATE TABLE pgflow.x(x INT PRIMARY KEY, y INT REFERENCES pgflow.x);",
        "DROP TRIGGER IF EXISTS h ON pgflow.t;",
        "DROP FUNCTION IF EXISTS pgflow.g(INT, INT);",
        "COMMENT ON TABLE pgflow.a IS 'pgflow.t'; SELECT 'pgflow.t'; /* pgflow.t */",
        "CREATE VIEW pgflow.x AS WITH t AS (SELECT 1) SELECT 'pg_catalog.pg_class'::regclass FROM t;",
        "CREATE TABLE pgflow.x(x INT GENERATED ALWAYS AS IDENTITY); SELECT nextval('pgflow.x_x_seq');",
        "CREATE TABLE pgflow.x(x SERIAL PRIMARY KEY); COMMENT ON SEQUENCE pgflow.x_x_seq IS '';",
        "CREATE TABLE pgflow.x(x INT PRIMARY KEY); COMMENT ON INDEX pgflow.x_pkey IS '';",
        "CREATE TABLE pgflow.x(x INT CONSTRAINT c CHECK (x > 0)); COMMENT ON CONSTRAINT c ON pgflow.x IS '';",
        "SELECT 'pg_class IS NULL; SELECT 1 --'::regclass;",
        "CREATE FUNCTION pgflow.x(INT, INT) RETURNS INT LANGUAGE sql AS '';"
        " CREATE AGGREGATE pgflow.y(INT) (sfunc = pgflow.x, stype = INT); SELECT pgflow.y(1);",
        "CREATE DOMAIN pgflow.x AS INT CONSTRAINT c CHECK (VALUE > 0);"
        " COMMENT ON CONSTRAINT c ON DOMAIN pgflow.x IS '';",
        "CREATE FUNCTION pgflow.x(INOUT _a INT, OUT b TEXT) LANGUAGE sql AS '';"
        " ALTER FUNCTION pgflow.x(INT) STRICT;",
        "CREATE FUNCTION pgflow.x(VARIADIC _a INT[]) RETURNS INT LANGUAGE sql AS '';"
        " SELECT pgflow.x(1, 2, 3);",
        "CREATE FUNCTION pgflow.x(_a INT, _b INT DEFAULT 1, _c INT DEFAULT 2) RETURNS INT LANGUAGE sql AS '';"
        " SELECT pgflow.x(1, _c => 3);",
    ],
)
def test_what_is_not_needed_or_already_there_is_not_asked_for(tree: Tree, text: str) -> None:
    assert with_later(tree, text) == []


def test_what_a_required_extension_creates_is_there(tree: Tree) -> None:
    tree.put(
        "pgflow_ui", "every/f.sql", "CREATE VIEW pgflow_ui.v AS SELECT pgflow.f() FROM pgasync_server.a;"
    )
    assert found(tree) == []


def test_what_another_extension_creates_is_not_there(tree: Tree) -> None:
    tree.put("pgflow", "every/f.sql", "CREATE VIEW pgflow.v AS SELECT FROM pgasync_server.a;")
    tree.put("pgasync", "every/f.sql", "CREATE VIEW pgasync.v AS SELECT FROM pgflow.a;")
    assert found(tree) == [
        "sql/pgasync/every/f.sql:1: order: relation pgasync.v needs relation pgflow.a, "
        "which extension pgflow creates, in sql/pgflow/once/a.sql:1; pgasync does not require that",
        "sql/pgflow/every/f.sql:1: order: relation pgflow.v needs relation pgasync_server.a, "
        "which extension pgasync_server creates, in sql/pgasync_server/once/a.sql:1; "
        "pgflow does not require that",
    ]


def test_line_is_that_of_the_name(tree: Tree) -> None:
    text = "CREATE VIEW pgflow.x AS\nSELECT 'é' AS a,\n  pgflow.nowhere()\nFROM pgflow.nothing;"
    assert [finding.split(" relation pgflow.x ") for finding in with_later(tree, text)] == [
        ["sql/pgflow/once/early.sql:5: order:", "needs relation pgflow.nothing, which nothing creates"],
        ["sql/pgflow/once/early.sql:4: order:", "needs routine pgflow.nowhere, which nothing creates"],
    ]


def test_a_name_in_a_schema_of_nobody_is_found(tree: Tree) -> None:
    (finding,) = with_later(tree, "CREATE VIEW pgflow.x AS SELECT FROM pgflwo.a;")
    assert "needs relation pgflwo.a, which nothing creates" in finding


@pytest.mark.parametrize(
    "call",
    ["pgflow.x()", "pgflow.x(1, 2, 3)", "pgflow.x(1, _c => 2)", "pgflow.x(1, _a => 2)", "pgflow.x(_b => 1)"],
)
def test_call_that_no_routine_of_the_name_takes_is_found(tree: Tree, call: str) -> None:
    routine = "CREATE FUNCTION pgflow.x(_a INT, _b INT DEFAULT 1) RETURNS INT LANGUAGE sql AS '';"
    (finding,) = with_later(tree, f"{routine}\nSELECT {call};")
    assert finding.endswith("needs routine pgflow.x, but there is only routine pgflow.x(int4, int4)")


def test_the_signature_of_a_target_counts(tree: Tree) -> None:
    (finding,) = with_later(tree, "COMMENT ON FUNCTION pgflow.f(TEXT) IS '';")
    assert finding.endswith("needs routine pgflow.f(text), but there is only routine pgflow.f()")


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ("CREATE TABLE pgflow.x(x INT);", "CREATE VIEW pgflow.x AS SELECT 1;", "relation pgflow.x"),
        ("CREATE DOMAIN pgflow.x AS INT;", "CREATE DOMAIN pgflow.x AS TEXT;", "type pgflow.x"),
        ("CREATE DOMAIN pgflow.x AS INT;", "CREATE TABLE pgflow.x(x INT);", "type pgflow.x"),
        ("CREATE INDEX x ON pgflow.a(a);", "CREATE INDEX x ON pgflow.a(a);", "relation pgflow.x"),
        (
            "CREATE FUNCTION pgflow.x(_a INT) RETURNS INT LANGUAGE sql AS '';",
            "CREATE OR REPLACE FUNCTION pgflow.x(_b INTEGER) RETURNS INT LANGUAGE sql AS '';",
            "routine pgflow.x(int4)",
        ),
        (
            "CREATE TRIGGER x BEFORE INSERT ON pgflow.a EXECUTE PROCEDURE pg_catalog.x();",
            "CREATE TRIGGER x BEFORE UPDATE ON pgflow.a EXECUTE PROCEDURE pg_catalog.x();",
            "trigger x on pgflow.a",
        ),
        (
            "CREATE TABLE pgflow.x(x INT CONSTRAINT c CHECK (x > 0));",
            "ALTER TABLE pgflow.x ADD CONSTRAINT c CHECK (x > 1);",
            "constraint c on pgflow.x",
        ),
        ("CREATE SCHEMA x;", "CREATE SCHEMA x;", "schema x"),
    ],
)
def test_object_created_twice_is_found(tree: Tree, first: str, second: str, what: str) -> None:
    assert with_later(tree, f"{first}\n{second}") == [
        f"sql/pgflow/once/early.sql:3: order: {what} is created twice, first in sql/pgflow/once/early.sql:2"
    ]


def test_object_that_two_extensions_create_is_found(tree: Tree) -> None:
    tree.put("pgflow", "every/f.sql", "CREATE VIEW pgasync.a AS SELECT 1;")
    assert found(tree) == [
        "sql/pgflow/every/f.sql:1: order: relation pgasync.a is created twice, "
        "first in sql/pgasync/once/a.sql:1"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE FUNCTION pgflow.x(_a INT) RETURNS INT LANGUAGE sql AS '';"
        " CREATE FUNCTION pgflow.x(_a TEXT) RETURNS INT LANGUAGE sql AS '';",
        "CREATE TRIGGER x BEFORE INSERT ON pgflow.a EXECUTE PROCEDURE pg_catalog.x();"
        " DROP TRIGGER IF EXISTS x ON pgflow.a;"
        " CREATE TRIGGER x BEFORE INSERT ON pgflow.a EXECUTE PROCEDURE pg_catalog.x();",
        "CREATE TABLE pgflow.x(x INT); DROP TABLE pgflow.x; CREATE VIEW pgflow.x AS SELECT 1;",
        "CREATE TYPE pgflow.x AS (x INT); DROP TYPE pgflow.x; CREATE DOMAIN pgflow.x AS INT;",
        "CREATE TABLE pgflow.x(x INT); CREATE FUNCTION pgflow.x() RETURNS INT LANGUAGE sql AS '';",
    ],
)
def test_overloads_and_what_was_dropped_before_are_not_twice(tree: Tree, text: str) -> None:
    assert with_later(tree, text) == []


def test_object_is_gone_once_dropped(tree: Tree) -> None:
    (finding,) = with_later(tree, "CREATE TABLE pgflow.x(x INT);\nDROP TABLE pgflow.x;\nTABLE pgflow.x;")
    assert finding == (
        "sql/pgflow/once/early.sql:4: order: TABLE pgflow.x needs relation pgflow.x, "
        "which has been dropped again since sql/pgflow/once/early.sql:2"
    )


@pytest.mark.parametrize(
    ("relation", "condition", "message"),
    [
        ("pgflow.b", "", "needs relation pgflow.b, which nothing creates"),
        ("pgasync.a", "", "only its own extension may do that"),
        ("pgflow.a", "WHERE pgflow.g(a)", "needs routine pgflow.g, which nothing creates"),
        ("pgflow.a", "WHRE a > 1", "not a relation with a WHERE clause"),
        ("pgflow.a", "WHERE true; SELECT 1", "not a relation with a WHERE clause"),
    ],
)
def test_dump_line_that_cannot_work_is_found(tree: Tree, relation: str, condition: str, message: str) -> None:
    tree.list("pgflow", dump=(("pgflow.a", ""), (relation, condition)))
    (finding,) = found(tree)
    assert finding.startswith("sql/pgflow/manifest.toml:3: order: dump")
    assert message in finding


def test_dump_of_own_tables_and_sequences_passes(tree: Tree) -> None:
    tree.put("pgflow", "once/a.sql", "CREATE TABLE pgflow.a(a INT GENERATED BY DEFAULT AS IDENTITY);")
    tree.list("pgflow", dump=(("pgflow.a", "WHERE a > 1"), ("pgflow.a_a_seq", "")))
    assert found(tree) == []


def test_grant_on_what_does_not_exist_is_found(tree: Tree) -> None:
    tree.put(
        "pgflow",
        "grants.toml",
        '[[grant]]\nprivileges = "EXECUTE"\non = ["FUNCTION pgflow.f()", "FUNCTION pgflow.f(INT)"]\n'
        'to = "pg_monitor"\n',
    )
    (finding,) = found(tree)
    assert "needs routine pgflow.f(int4), but there is only routine pgflow.f()" in finding


@pytest.mark.parametrize(
    ("table", "column", "kept"), [(60, 20, (38, 20)), (20, 60, (20, 38)), (40, 41, (29, 29))]
)
def test_name_of_an_implied_sequence_is_cut_as_postgres_does(
    tree: Tree, table: int, column: int, kept: tuple[int, int]
) -> None:
    name = "t" * kept[0] + "_" + "c" * kept[1] + "_seq"
    text = f"CREATE TABLE pgflow.{'t' * table}({'c' * column} SERIAL); SELECT nextval('pgflow.{name}');"
    assert with_later(tree, text) == []


def test_the_sources_themselves_are_in_order() -> None:
    root = Path(__file__).resolve().parents[2]
    assert findings(read_extensions(root), root) == []
