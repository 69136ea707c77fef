import pytest

from tests.unit.lint.sources import PINNED, found, plpgsql, routine

PLANTED = plpgsql("  PERFORM gen_random_uuid();")


@pytest.mark.parametrize(
    ("expression", "lack"),
    [
        ("gen_random_uuid()", "PostgreSQL has it from 13 on"),
        ("pg_catalog.date_bin('1 h', now(), now())", "PostgreSQL has it from 14 on"),
        ("any_value(1)", "PostgreSQL has it from 16 on"),
        ("random(1, 6)", "PostgreSQL has it from 17 on"),
        ("string_to_table('a b', ' ')", "PostgreSQL has it from 14 on"),
        ("jsonb_path_query('{}', '$')", "PostgreSQL has it from 12 on"),
        ("'$'::jsonpath", "PostgreSQL has it from 12 on"),
        ("'{}'::int4multirange", "PostgreSQL has it from 14 on"),
        ("'{}'::jsonb @? '$'", "PostgreSQL has it from 12 on"),
        ("pg_stop_backup()", "PostgreSQL has it no more since 15"),
        ("current_setting('plan_cache_mode')", "PostgreSQL has it from 12 on"),
        ("now() AT LOCAL", "PostgreSQL has it from 17 on"),
        ("regexp_like('a', 'a')", "PostgreSQL has it from 15 on"),
        ("jsonb_set_lax('{}', '{}', NULL)", "PostgreSQL has it from 13 on"),
        ("trim_array('{1}'::INT[], 1)", "PostgreSQL has it from 14 on"),
    ],
)
def test_catches_names_in_bodies_of_both_languages_and_in_sql_made_at_run_time(
    expression: str, lack: str
) -> None:
    for text in (
        plpgsql(f"  PERFORM {expression};"),
        routine(f"/* It. */\n\nSELECT {expression}", language="sql"),
        plpgsql(f"  EXECUTE $q$SELECT {expression}$q$;"),
    ):
        problems = found("available_names", text)
        assert len(problems) == 1
        assert problems[0].startswith("f.sql:4 ")
        assert problems[0].endswith(lack)


def test_catches_catalogues_and_their_columns() -> None:
    query = "SELECT a.leader_pid FROM pg_stat_activity a, pg_stat_progress_copy c"
    problems = found("available_names", {"pgasync/every/v_a.sql": f"CREATE VIEW async.v_a AS {query};"})
    assert problems == [
        "v_a.sql:1 column pg_stat_activity.leader_pid: PostgreSQL has it from 13 on",
        "v_a.sql:1 relation pg_stat_progress_copy: PostgreSQL has it from 14 on",
    ]


def test_catches_settings() -> None:
    text = plpgsql("  SET idle_session_timeout = 0;", options=f"{PINNED} SET plan_cache_mode = auto")
    assert found("available_names", text) == [
        "f.sql:1 setting plan_cache_mode: PostgreSQL has it from 12 on",
        "f.sql:4 setting idle_session_timeout: PostgreSQL has it from 14 on",
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "random()",
        "num_nulls(1, 2)",
        "starts_with('a', 'b')",
        "extract(epoch FROM now())",
        "now() AT TIME ZONE 'UTC'",
        "md5('a')::UUID",
        "current_setting('plan_cache_mode', true)",
        "concat('a', 'b', 'c', 'd')",
        "async.any_value(1)",
        "jsonb_build_object('a', 1) @> '{}'",
        "d.oid FROM pg_database d",
        "'a' SIMILAR TO 'b'",
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)",
    ],
)
def test_leaves_what_every_major_has_alone(expression: str) -> None:
    assert found("available_names", plpgsql(f"  PERFORM {expression};")) == []
