from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = {"pgasync/once/t.sql": "CREATE TABLE async.t (a INT);\nCREATE TABEL async.u (a INT);\n"}


def test_catches_what_no_grammar_takes() -> None:
    assert found("syntax", PLANTED) == ['t.sql:2 syntax error at or near "TABEL"']


def test_catches_a_bad_body_of_either_language() -> None:
    assert found("syntax", plpgsql("  IF true THEN NULL;"))[0].startswith(
        "f.sql:1 async.f: body is not PL/pgSQL"
    )
    assert found("syntax", routine("SELEC 1", language="sql"))[0].startswith(
        "f.sql:1 async.f: body is not SQL"
    )
    assert "not PL/pgSQL" in found("syntax", plpgsql("  n := 1;"))[0]


def test_catches_a_bad_query_in_a_body() -> None:
    assert "syntax error" in found("syntax", plpgsql("  PERFORM 1 FORM async.t;"))[0]


def test_leaves_assignments_to_fields_of_composites_alone() -> None:
    text = plpgsql(
        "  slot.state := 'idle';\n  _s.slots[1] := slot;\n  kept.n := 1;\n  SELECT 1, 2 INTO slot.a, kept.n;",
        "  slot async.slot_t;",
        arguments="_s async.loop_t, kept OUT async.kept_t",
        returns="",
    )
    assert found("syntax", text) == []


def test_leaves_cursors_with_a_qualified_type_alone() -> None:
    text = plpgsql(
        "  OPEN probe FOR EXECUTE 'SELECT 1';\n  CLOSE probe;", "  probe pg_catalog.REFCURSOR;", options=""
    )
    assert found("syntax", text) == []
    assert found("unpinned_names", text) == []
