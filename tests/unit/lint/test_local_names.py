from tests.unit.lint.sources import found, plpgsql

TABLE = {
    "pgasync/once/t.sql": "CREATE TABLE async.task (task_id BIGINT, lane INT);\n"
    "CREATE TABLE async.old (LIKE async.task);"
}
PLANTED = {**TABLE, "pgasync/every/f.sql": plpgsql("  DELETE FROM async.task;", "  lane INT;")}


def test_catches_a_local_with_the_name_of_a_column() -> None:
    assert found("local_names", PLANTED) == ["f.sql:4 local lane has the name of a column of async.task"]


def test_catches_columns_that_a_table_has_from_another() -> None:
    files = {**TABLE, "pgasync/every/f.sql": plpgsql("  PERFORM FROM async.old;", "  task_id INT;")}
    assert found("local_names", files) == ["f.sql:4 local task_id has the name of a column of async.old"]


def test_leaves_columns_of_tables_that_are_not_used_alone() -> None:
    files = {**TABLE, "pgasync/every/f.sql": plpgsql("  PERFORM FROM async.other;", "  lane INT;")}
    assert found("local_names", files) == []
    files = {**TABLE, "pgasync/every/f.sql": plpgsql("  PERFORM FROM async.task;", "  wanted INT;")}
    assert found("local_names", files) == []
