import pytest

from tests.unit.lint.sources import found, routine


def two(one: str, other: str) -> str:
    return "".join(
        routine("SELECT 1", language="sql", arguments=a, returns="RETURNS INT") for a in (one, other)
    )


PLANTED = two("_a INT", "_a INT, _b INT DEFAULT 1")


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("_a INT", "_a INT, _b INT DEFAULT 1", 1),
        ("", "_a INT DEFAULT 1", 0),
        ("_a INT, _b INT DEFAULT 1", "_a TEXT, _c TEXT DEFAULT ''", 1),
        ("_a INT", "VARIADIC _a INT[]", 1),
    ],
)
def test_catches_calls_that_may_mean_both(one: str, other: str, count: int) -> None:
    assert found("overloads", two(one, other)) == [
        f"f.sql:4 async.f with {count} arguments may also mean the one in f.sql:1; "
        "give one of them another name or other defaults"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("_a INT", "_a INT, _b INT"),
        ("_a INT", "_a TEXT"),
        ("_a INT", "_a INT, _b INT, _c INT DEFAULT 1"),
        ("_a INT, OUT a INT", ""),
    ],
)
def test_leaves_overloads_that_a_call_tells_apart_alone(one: str, other: str) -> None:
    assert found("overloads", two(one, other)) == []
