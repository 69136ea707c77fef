import pytest

from tests.unit.lint.sources import found, routine

PLANTED = {"pgasync/once/t.sql": "GRANT SELECT ON async.t TO PUBLIC;\n"}


@pytest.mark.parametrize("kind", ["once", "every"])
@pytest.mark.parametrize(
    "statement",
    [
        "GRANT SELECT ON async.t TO PUBLIC;",
        "REVOKE ALL ON async.t FROM PUBLIC;",
        "BEGIN;",
        "COMMIT;",
        "SET search_path = async;",
        "DO $$ BEGIN NULL; END $$;",
        "SELECT 1;",
        "CREATE EXTENSION dblink;",
        "DROP TABLE async.t;",
    ],
)
def test_catches_statements_that_belong_nowhere(kind: str, statement: str) -> None:
    problems = found("statements", {f"pgasync/{kind}/f.sql": f"\n{statement}"})
    assert len(problems) == 1
    assert problems[0].startswith("f.sql:2 ")
    assert problems[0].endswith(f"does not belong in {kind}/")


def test_catches_what_belongs_in_the_other_folder() -> None:
    assert len(found("statements", {"pgasync/once/t.sql": routine("SELECT 1", language="sql")})) == 1
    assert len(found("statements", {"pgasync/every/f.sql": "CREATE TABLE async.t (a INT);"})) == 1
    assert len(found("statements", {"pgasync/every/f.sql": "INSERT INTO async.t VALUES (1);"})) == 1


def test_catches_in_updates_what_the_build_adds() -> None:
    place = "pgasync/updates/1.0--1.1.sql"
    for statement in ("GRANT SELECT ON async.t TO a;", "BEGIN;", "CREATE VIEW async.v_a AS SELECT 1 AS a;"):
        assert len(found("statements", {place: statement})) == 1
    assert found("statements", {place: "ALTER TABLE async.t ADD b INT;\nDROP FUNCTION async.f();"}) == []


def test_catches_psql_commands() -> None:
    assert found("statements", "\\echo hello\n") == [
        "f.sql:1 no psql commands: the build writes those that a script needs"
    ]


def test_leaves_what_belongs_there_alone() -> None:
    text = "CREATE SCHEMA async;\nCREATE TABLE async.t (a INT);\nINSERT INTO async.t VALUES (1);\n"
    assert found("statements", {"pgasync/once/t.sql": text + "COMMENT ON TABLE async.t IS 'T';"}) == []
    text = routine("SELECT 1", language="sql") + "SELECT async.f();\nDROP TRIGGER IF EXISTS a ON async.t;\n"
    text += "CREATE TRIGGER a BEFORE INSERT ON async.t FOR EACH ROW EXECUTE FUNCTION async.f();\n"
    assert found("statements", {"pgasync/every/f.sql": text}) == []
