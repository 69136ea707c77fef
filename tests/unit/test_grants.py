"""GRANT statements made of grants.toml."""

from pathlib import Path

import pytest
from pgflow_build.grants import read_grants
from pgflow_build.manifest import SourceError


def grants(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "grants.toml"
    path.write_text(text)
    return read_grants(path)


def test_each_object_gets_a_statement(tmp_path: Path) -> None:
    text = """
        [[grant]]
        privileges = "SELECT, INSERT"
        on = ["TABLE flow.a", "SEQUENCE flow.s"]
        to = "pg_monitor"
        [[grant]]
        privileges = "EXECUTE"
        on = "FUNCTION flow.f(INT)"
        to = ["pg_monitor", "pg_signal_backend"]
    """
    assert grants(tmp_path, text) == (
        "GRANT SELECT, INSERT ON TABLE flow.a TO pg_monitor",
        "GRANT SELECT, INSERT ON SEQUENCE flow.s TO pg_monitor",
        "GRANT EXECUTE ON FUNCTION flow.f(INT) TO pg_monitor, pg_signal_backend",
    )


def test_extension_without_the_file_grants_nothing(tmp_path: Path) -> None:
    assert read_grants(tmp_path / "grants.toml") == ()


@pytest.mark.parametrize(
    ("privileges", "on", "to", "message"),
    [
        ("SELECT", "TABLE flow.a", "PUBLIC", "but to named roles"),
        ("SELECT", "TABLE flow.a", "CURRENT_USER", "but to named roles"),
        ("SELECT", "TABLE flow.a", "somebody", "has the role somebody"),
        ("SELECT", "TABLE flow.a", "pg_monitor WITH GRANT OPTION", "not one plain GRANT"),
        (
            "SELECT",
            "TABLE flow.a TO pg_monitor; GRANT SELECT ON TABLE flow.b",
            "pg_monitor",
            "not one plain GRANT",
        ),
        ("SELCT ON", "TABLE flow.a", "pg_monitor", "syntax error"),
    ],
)
def test_grant_that_may_not_be_is_refused(
    tmp_path: Path, privileges: str, on: str, to: str, message: str
) -> None:
    text = f'[[grant]]\nprivileges = "{privileges}"\non = "{on}"\nto = "{to}"\n'
    with pytest.raises(SourceError, match=message):
        grants(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[grant]]\nprivileges = "SELECT"\nto = "pg_monitor"\n', "look at on"),
        ('[[grant]]\nprivileges = "SELECT"\non = "TABLE a"\nto = "pg_monitor"\nfor = "x"\n', "look at for"),
        ('[[grants]]\nprivileges = "SELECT"\n', "unknown keys grants"),
    ],
)
def test_wrong_keys_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        grants(tmp_path, text)


def test_all_wrong_grants_are_told_at_once(tmp_path: Path) -> None:
    wrong = '[[grant]]\nprivileges = "SELECT"\non = "TABLE flow.a"\nto = "PUBLIC"\n'
    with pytest.raises(SourceError) as caught:
        grants(tmp_path, wrong + wrong)
    assert len(str(caught.value).splitlines()) == 2
