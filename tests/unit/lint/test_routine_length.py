from pgflow_build.lint.rules.routine_length import MOST

from tests.unit.lint.sources import found, plpgsql, routine

PLANTED = plpgsql("  NULL;\n" * (MOST - 1))


def test_catches_a_body_of_a_line_too_many() -> None:
    assert found("routine_length", PLANTED) == [
        f"f.sql:1 async.f has {MOST + 2} lines, at most {MOST} are allowed: split it"
    ]
    lines = ",\n".join("1" for _ in range(MOST + 1))
    assert len(found("routine_length", routine(f"/* It. */\nSELECT {lines}", language="sql"))) == 1


def test_leaves_header_and_declarations_out_of_account() -> None:
    statements = "\n".join(["  NULL;"] * (MOST - 2))
    assert found("routine_length", plpgsql(statements, "\n".join(f"  a{n} INT;" for n in range(50)))) == []
    header = "/*\n" + " * It.\n" * 50 + " */\n"
    assert (
        found("routine_length", routine(f"{header}#variable_conflict error\nBEGIN\n{statements}\nEND;")) == []
    )
