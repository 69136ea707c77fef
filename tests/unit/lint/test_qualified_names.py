import pytest

from tests.unit.lint.sources import found, plpgsql, routine

TABLE = {
    "pgasync/once/t.sql": "CREATE TABLE async.task (a INT);\nCREATE TYPE async.slot_t AS (a INT);\n"
    "CREATE DOMAIN async.state_t AS TEXT;",
}
PLANTED = {**TABLE, "pgasync/every/f.sql": plpgsql("  DELETE FROM task;")}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM task;", "qualify relation task"),
        ("PERFORM FROM v_missing;", "qualify relation v_missing"),
        ("PERFORM f();", "qualify function f"),
        (
            "PERFORM public.dblink_connect('a');",
            "call async.dblink_…() instead of public.dblink_connect(): that knows the schema of dblink",
        ),
        ("PERFORM 'task'::REGCLASS, 'pg_class'::REGCLASS;", "qualify 'task'"),
        ("PERFORM 'f(int)'::REGPROCEDURE;", "qualify 'f(int)'"),
        ("PERFORM ROW(1)::slot_t;", "qualify type slot_t"),
        ("PERFORM nextval('task_id_seq');", "qualify 'task_id_seq'"),
        ("EXECUTE 'DELETE FROM task';", "qualify relation task"),
    ],
)
def test_catches_our_objects_without_a_schema(statement: str, message: str) -> None:
    files = {**TABLE, "pgasync/every/f.sql": plpgsql(f"  {statement}")}
    assert found("qualified_names", files) == [f"f.sql:4 {message}"]


def test_catches_tables_that_give_types_and_functions_of_triggers() -> None:
    for declared in ("a task%ROWTYPE;", "a task.a%TYPE;"):
        files = {**TABLE, "pgasync/every/f.sql": plpgsql("  NULL;", f"  {declared}")}
        assert found("qualified_names", files) == ["f.sql:4 qualify type task"]
    trigger = "CREATE TRIGGER a BEFORE INSERT ON async.task FOR EACH ROW EXECUTE FUNCTION f();"
    assert found("qualified_names", trigger) == ["f.sql:1 qualify function f"]


def test_catches_our_log_and_leaves_the_logarithm_alone() -> None:
    log = routine("SELECT 1", name="async.log", language="sql", returns="RETURNS INT")
    files = {
        "pgasync/every/log.sql": log,
        "pgasync/every/f.sql": plpgsql("  PERFORM log('ERROR', 'a'), log(2);"),
    }
    assert found("qualified_names", files) == ["f.sql:4 qualify function log"]


def test_catches_a_local_of_one_of_our_types() -> None:
    files = {**TABLE, "pgasync/every/f.sql": plpgsql("  NULL;", "  a slot_t[];")}
    assert found("qualified_names", files) == ["f.sql:4 qualify type slot_t"]


def test_catches_views_and_arguments() -> None:
    view = "CREATE OR REPLACE VIEW async.v_a AS\nSELECT a\nFROM task;"
    assert found("qualified_names", {**TABLE, "pgasync/every/v_a.sql": view}) == [
        "v_a.sql:3 qualify relation task"
    ]
    text = plpgsql("  NULL;", arguments="_a state_t")
    assert found("qualified_names", {**TABLE, "pgasync/every/f.sql": text}) == [
        "f.sql:1 qualify type state_t"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE a (a INT);",
        "CREATE VIEW v_a AS SELECT 1 AS a;",
        "CREATE TYPE a_t AS (a INT);",
        "CREATE SEQUENCE s;",
    ],
)
def test_catches_objects_that_are_made_without_a_schema(statement: str) -> None:
    assert "is created without a schema" in found("qualified_names", {"pgasync/once/t.sql": statement})[0]


def test_leaves_system_catalogs_common_table_expressions_and_columns_alone() -> None:
    body = """
  WITH task AS (SELECT 1 AS a) SELECT w.a INTO n FROM task w JOIN pg_class c ON true;
  PERFORM FROM pg_temp.mine, unnest('{1}'::INT[]) task(a), generate_series(1, 2) g;
  PERFORM async.dblink_connect('a'), nextval('async.task_id_seq'), log(2), format('%s', 'task');"""
    files = {
        **TABLE,
        "pgasync/every/log.sql": routine("SELECT 1", name="async.log", language="sql", returns="RETURNS INT"),
    }
    files["pgasync/every/f.sql"] = plpgsql(body, "  n INT;")
    assert found("qualified_names", files) == []


def test_leaves_schemas_and_indexes_alone() -> None:
    index = "CREATE INDEX task_idx ON async.task(a);\nCREATE SCHEMA async;\n"
    assert found("qualified_names", {**TABLE, "pgasync/once/i.sql": index}) == []
