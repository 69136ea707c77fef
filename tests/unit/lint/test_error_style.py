import pytest

from tests.unit.lint.sources import found, plpgsql

PLANTED = plpgsql("  RAISE EXCEPTION 'it failed';")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("RAISE EXCEPTION 'it failed';", "an error has an ERRCODE"),
        ("RAISE EXCEPTION USING MESSAGE = 'it failed';", "an error has an ERRCODE"),
        ("RAISE EXCEPTION 'It failed' USING ERRCODE = 'PF001';", "a message begins in lower case"),
        ("RAISE EXCEPTION 'it failed.' USING ERRCODE = 'PF001';", "a message has no full stop"),
        ("RAISE EXCEPTION USING ERRCODE = 'PF001', MESSAGE = 'It failed';", "a message begins in lower case"),
        ("RAISE EXCEPTION E'it failed\\nbadly' USING ERRCODE = 'PF001';", "a message is one line"),
        ("RAISE EXCEPTION 'it failed' USING ERRCODE = 'PF1';", "'PF1' is no SQLSTATE"),
        ("RAISE EXCEPTION 'it failed' USING ERRCODE = 'PF001', HINT = 'Try again';", "a hint is a sentence"),
        (
            "RAISE EXCEPTION 'it failed' USING ERRCODE = 'PF001', HINT = 'try again.';",
            "a hint begins with a capital",
        ),
        (
            "RAISE EXCEPTION 'it failed' USING ERRCODE = 'PF001', DETAIL = format('%s it', n);",
            "a detail is a sentence",
        ),
        (
            "RAISE EXCEPTION 'it' USING ERRCODE = 'PF001', HINT = CASE WHEN n THEN 'A.' ELSE 'b.' END;",
            "a hint begins with a capital: b.",
        ),
        ("RAISE NOTICE 'It runs';", "a message begins in lower case"),
        ("RAISE WARNING 'it runs.';", "a message has no full stop"),
    ],
)
def test_catches_another_style(statement: str, message: str) -> None:
    problems = found("error_style", plpgsql(f"  {statement}", "  n INT;"))
    assert len(problems) == 1
    assert problems[0].startswith(f"f.sql:6 {message}")


@pytest.mark.parametrize(
    "statement",
    [
        "RAISE EXCEPTION 'flow \"%\"', n USING ERRCODE = 'PF001', HINT = 'flow.configure() makes it.';",
        "RAISE EXCEPTION '%', n USING ERRCODE = 'io_error', DETAIL = format('lock_timeout is %s.', n);",
        "RAISE EXCEPTION USING ERRCODE = 'PF001', MESSAGE = n, DETAIL = n;",
        "RAISE EXCEPTION 'SQL is wrong' USING ERRCODE = '42601', HINT = format('Did you mean \"%s\"?', n);",
        "RAISE division_by_zero;",
        "RAISE NOTICE 'an orchestrator is running already';",
    ],
)
def test_leaves_the_style_of_postgresql_alone(statement: str) -> None:
    assert found("error_style", plpgsql(f"  {statement}", "  n INT;")) == []


def test_leaves_an_error_that_is_passed_on_alone() -> None:
    assert found("error_style", plpgsql("  NULL;\nEXCEPTION WHEN OTHERS THEN\n  RAISE;")) == []
