import pytest

from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = routine("SELECT 1", arguments="task_id BIGINT", language="sql")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("task_id BIGINT", "argument task_id begins with _ and is in lower case"),
        ("INOUT task_id BIGINT", "argument task_id begins with _ and is in lower case"),
        ("_a INT, VARIADIC ids BIGINT[]", "argument ids begins with _ and is in lower case"),
        ('"_Task" BIGINT', "argument _Task begins with _ and is in lower case"),
        ("BIGINT", "every argument has a name"),
        ("_a INT, OUT _b INT", "result _b is written in lower case, without _ before it"),
    ],
)
def test_catches_each_mode(arguments: str, message: str) -> None:
    text = routine("SELECT 1", arguments=arguments, language="sql", returns="")
    assert found("argument_names", text) == [f"f.sql:1 async.f: {message}"]


def test_catches_columns_of_a_result_table_and_locals() -> None:
    text = routine("SELECT 1", language="sql", returns="RETURNS TABLE (_a INT)")
    assert found("argument_names", text) == [
        "f.sql:1 async.f: result _a is written in lower case, without _ before it"
    ]
    problems = found(
        "argument_names", plpgsql("  FOR _i IN 1..2 LOOP NULL; END LOOP;", "  a INT;\n  _b INT;")
    )
    assert [problem.partition(",")[0] for problem in problems] == [
        "f.sql:5 local _b is written in lower case",
        "f.sql:7 local _i is written in lower case",
    ]


def test_leaves_the_usual_names_alone() -> None:
    text = plpgsql(
        "  FOR i IN 1..2 LOOP a := i; END LOOP;",
        "  slot async.slot_t;\n  place RECORD;",
        arguments="_s async.loop_t, _n INT DEFAULT 1, a OUT INT",
        returns="",
    )
    assert found("argument_names", text) == []
