import pytest

from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = "-- lint: allow search_path\n" + plpgsql("  NULL;")


def test_catches_an_exception_without_a_reason() -> None:
    assert found("excuses", PLANTED) == ["f.sql:1 write it as: lint: allow <rule>: <reason>"]
    short = found("excuses", "/* lint: allow search_path: speed */\n" + plpgsql("  NULL;"))
    assert short == ["f.sql:1 say in at least 3 words why search_path does not fit here"]


def test_catches_a_rule_that_does_not_exist() -> None:
    text = "-- lint: allow serach_path: it is spelled otherwise\n" + plpgsql("  NULL;")
    assert found("excuses", text) == ["f.sql:1 there is no rule serach_path"]


def test_catches_an_exception_that_excuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from pgflow_build.lint import all_rules, lint
    from pgflow_build.lint.project import Project

    from tests.unit.lint.sources import ROOT, _source

    text = "-- lint: allow search_path: it costs too much\n" + plpgsql("  NULL;")
    project = Project(ROOT, (_source("pgasync/every/f.sql", text, ROOT),))
    rules = {name: rule for name, rule in all_rules().items() if name in ("excuses", "search_path")}
    messages = [finding.message for finding in lint(project, rules)]
    assert messages == ["excuses nothing: search_path finds nothing here; remove it"]


REASON = "lint: allow cascade: a test wants it"
DROP = "DROP TABLE async.t CASCADE;"


@pytest.mark.parametrize(
    "statements",
    [
        f"  {DROP} -- {REASON}",
        f"  -- {REASON}\n  {DROP}",
        f"  /*\n   * {REASON}\n   */\n\n  {DROP}",
        f"  /* {REASON} */\n  -- and another word\n  {DROP}",
    ],
)
def test_leaves_what_is_excused_beside_or_right_above_alone(statements: str) -> None:
    statements = statements.replace("/*\n   * lint", "/* lint")
    assert found("cascade", plpgsql(statements)) == []


@pytest.mark.parametrize(
    "statements",
    [
        f"  -- {REASON}\n  NULL;\n  {DROP}",
        f"  NULL; -- {REASON}\n  {DROP}",
        f"  {DROP}\n  -- {REASON}",
        f"  -- {REASON.replace('cascade', 'line_length')}\n  {DROP}",
    ],
)
def test_catches_what_is_excused_elsewhere(statements: str) -> None:
    assert len(found("cascade", plpgsql(statements))) == 1


def test_leaves_a_text_that_looks_like_an_exception_alone() -> None:
    assert found("excuses", routine("SELECT 'lint: allow nothing'", language="sql")) == []
