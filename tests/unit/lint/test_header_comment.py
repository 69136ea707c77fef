import pytest

from tests.unit.lint.sources import found, routine

PLANTED = routine("SELECT 1", language="sql")


def test_catches_a_body_without_one() -> None:
    assert found("header_comment", PLANTED)[0].startswith(
        "f.sql:1 the body of async.f opens with a /* comment */"
    )
    for body in ("-- Does it.\nSELECT 1", "SELECT 1 /* Does it. */", "BEGIN\n/* Does it. */\nEND;"):
        language = "plpgsql" if "BEGIN" in body else "sql"
        assert len(found("header_comment", routine(body, language=language))) == 1


@pytest.mark.parametrize("header", ["/* */", "/* does it. */", "/* Does it */", "/* TODO */"])
def test_catches_one_that_is_no_sentence(header: str) -> None:
    problems = found("header_comment", routine(f"{header}\nSELECT 1", language="sql"))
    assert problems == ["f.sql:2 the header of async.f begins with a sentence: capital, full stop"]


@pytest.mark.parametrize(
    "header",
    [
        "/* Builds one task. */",
        "/*\n * Queues tasks. On a server they start\n * when the caller commits. _source: free text\n */",
        "/* Of tasks that have run: those that wait. Errors: PF007. */",
    ],
)
def test_leaves_sentences_alone(header: str) -> None:
    assert found("header_comment", routine(f"{header}\nSELECT 1", language="sql")) == []
