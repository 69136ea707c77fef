import pytest

from tests.unit.lint.sources import PINNED, found, routine

PLANTED = routine("SELECT 1", language="plpython3u")


def test_catches_other_languages() -> None:
    assert found("languages", PLANTED)[0].startswith("f.sql:1 async.f is in plpython3u")
    assert len(found("languages", routine("f", language="C"))) == 1


def test_catches_security_definer() -> None:
    text = routine("SELECT 1", language="sql", options=f"SECURITY DEFINER {PINNED}")
    assert found("languages", text)[0].startswith("f.sql:1 async.f is SECURITY DEFINER")


@pytest.mark.parametrize("language", ["sql", "plpgsql", "SQL"])
def test_leaves_ours_alone(language: str) -> None:
    body = "BEGIN END;" if language == "plpgsql" else "SELECT 1"
    assert found("languages", routine(body, language=language, options="SECURITY INVOKER")) == []
