from tests.unit.lint.sources import found

PLANTED = {"pgasync/once/t.sql": f"SELECT 1;\nSELECT '{'a' * 130}';\n"}


def test_catches_a_long_line() -> None:
    assert found("line_length", PLANTED) == ["t.sql:2 140 characters, at most 130 are allowed"]


def test_leaves_130_characters_alone_however_many_bytes() -> None:
    assert found("line_length", f"-- {'é' * 127}\n") == []
    assert len(found("line_length", f"-- {'é' * 128}\n")) == 1
