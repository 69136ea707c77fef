"""CREATE OR REPLACE in the sources, plain CREATE in an install script."""

from pathlib import Path

import pytest
from pgflow_build.sources import SourceFile
from pgflow_build.tokens import plain_create


def plain(text: str) -> str:
    return plain_create(SourceFile(Path("/f.sql"), "pgflow", "every", "f.sql", text))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("CREATE OR REPLACE VIEW a.v AS SELECT 1;", "CREATE VIEW a.v AS SELECT 1;"),
        (
            "CREATE OR REPLACE FUNCTION a.f() RETURNS INT LANGUAGE sql AS 'SELECT 1';",
            "CREATE FUNCTION a.f() RETURNS INT LANGUAGE sql AS 'SELECT 1';",
        ),
        (
            "create  or\n  replace\n procedure a.p() LANGUAGE sql AS '';",
            "create  procedure a.p() LANGUAGE sql AS '';",
        ),
        ("CREATE /* é */ OR -- x\n REPLACE VIEW a.v AS SELECT 1", "CREATE /* é */ VIEW a.v AS SELECT 1"),
    ],
)
def test_or_replace_at_the_beginning_of_a_statement_goes(given: str, wanted: str) -> None:
    assert plain(given) == wanted
    assert plain(f"/* 𝄞 */ SELECT 1; {given}\n-- end") == f"/* 𝄞 */ SELECT 1; {wanted}\n-- end"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'CREATE OR REPLACE VIEW a.v AS SELECT 1';",
        "COMMENT ON VIEW a.v IS 'x; CREATE OR REPLACE VIEW';",
        "CREATE FUNCTION a.f() RETURNS VOID LANGUAGE sql AS $$\nCREATE OR REPLACE VIEW a.v AS SELECT 1;\n$$;",
        "DO $do$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW a.v AS SELECT 1'; END $do$;",
        "/* CREATE OR REPLACE VIEW; */ SELECT 1; -- CREATE OR REPLACE VIEW",
        'SELECT 1 AS "create or replace";',
        "SELECT x.create OR replace FROM a.x;",
        "CREATE TABLE a.b(or_replace INT);",
    ],
)
def test_the_same_words_elsewhere_stay(text: str) -> None:
    assert plain(text) == text


def test_body_of_a_replaced_routine_stays() -> None:
    body = "$$\n/* CREATE OR REPLACE */\nCREATE OR REPLACE VIEW a.v AS SELECT 1;\n$$;"
    head = "FUNCTION a.f() RETURNS VOID LANGUAGE sql AS "
    assert plain(f"CREATE OR REPLACE {head}{body}") == f"CREATE {head}{body}"


def test_every_statement_of_a_file_is_changed() -> None:
    view = "VIEW a.v{} AS SELECT 1;\n"
    given = "".join("CREATE OR REPLACE " + view.format(n) for n in range(3))
    assert plain(given) == "".join("CREATE " + view.format(n) for n in range(3))
