"""The sources as files, tokens and statements; their manifests and control files."""

from pathlib import Path

import pytest
from pgflow_build.manifest import SourceError, read_control, read_manifest
from pgflow_build.sources import SourceFile, read_sources

from tests.support.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def source(text: str) -> SourceFile:
    return SourceFile(Path("/tree/sql/pgflow/every/f.sql"), "pgflow", "every", "f.sql", text)


def test_sources_come_in_the_order_of_the_manifests(tree: Tree) -> None:
    tree.put("pgasync", "once/b.sql", "")
    tree.list("pgasync", once=("b.sql", "schema.sql", "a.sql"))
    found = read_sources(tree.root)
    assert [(s.extension, s.kind, s.name) for s in found[:5]] == [
        ("pgasync", "once", "b.sql"),
        ("pgasync", "once", "schema.sql"),
        ("pgasync", "once", "a.sql"),
        ("pgasync", "every", "f.sql"),
        ("pgasync_server", "once", "schema.sql"),
    ]
    assert found[0].path == tree.root.resolve() / "sql/pgasync/once/b.sql"


def test_tokens_are_the_words_of_the_text_comments_included() -> None:
    text = "SELECT 'é', /* €𝄞 */ $x$a b$x$ -- end\n;"
    tokens = source(text).tokens
    words = ["SELECT", "'é'", ",", "/* €𝄞 */", "$x$a b$x$", "-- end", ";"]
    assert [token.text for token in tokens] == words
    assert [text[token.start : token.end] for token in tokens] == words
    assert [token.text for token in tokens if token.is_comment] == ["/* €𝄞 */", "-- end"]


def test_statement_is_without_the_comments_around_it() -> None:
    text = "/* é */\n\nSELECT 1;\n-- two\nSELECT /* x */ 2 -- last\n"
    first, second = source(text).statements
    assert (first.text, first.line, first.start) == ("SELECT 1", 3, text.index("SELECT 1"))
    assert (second.text, second.line) == ("SELECT /* x */ 2", 5)


def test_a_statement_that_does_not_parse_is_told_with_its_line() -> None:
    with pytest.raises(SourceError, match=r'f\.sql:2: syntax error at or near "SELEC"'):
        _ = source("SELECT 1;\nSELEC 2;").statements


def test_a_string_that_does_not_end_is_told_with_its_line() -> None:
    with pytest.raises(SourceError, match=r"f\.sql:2: unterminated quoted string"):
        _ = source("SELECT 1;\nSELECT 'a").tokens


def test_control_file_is_read(tree: Tree) -> None:
    control = read_control(tree.root, "pgflow_server")
    assert control.version == "1.0"
    assert control.requires == ("pgflow", "pgasync_server")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ('once = ["schema.sql", "a.sql"]\nevery = []', "every does not list f.sql"),
        ('once = ["schema.sql", "a.sql"]\nevery = ["f.sql", "f.sql"]', "every lists f.sql twice"),
        ('once = ["schema.sql", "a.sql", "b.sql"]\nevery = ["f.sql"]', "lists b.sql, which does not exist"),
        ('once = ["schema.sql", "a.sql"]\nevry = ["f.sql"]', "unknown keys evry"),
        ("once = 1", "once is a list of strings"),
        (
            'once = ["schema.sql", "a.sql"]\nevery = ["f.sql"]\ndump = ["a"]',
            "entry of dump is a list of strings",
        ),
        ('once = ["schema.sql", "a.sql"]\nevery = ["f.sql"]\ndump = [["a"]]', "dump is a list of"),
        ("once = [", "Unclosed array|Invalid value"),
    ],
)
def test_manifest_that_does_not_fit_is_refused(tree: Tree, manifest: str, message: str) -> None:
    tree.put("pgflow", "manifest.toml", manifest)
    with pytest.raises(SourceError, match=message):
        read_manifest(tree.root, "pgflow")


def test_all_that_is_wrong_with_a_manifest_is_told_at_once(tree: Tree) -> None:
    tree.list("pgflow", once=("schema.sql",), every=("f.sql", "f.sql", "g.sql"))
    with pytest.raises(SourceError) as caught:
        read_manifest(tree.root, "pgflow")
    assert [line.split(": ", 1)[1] for line in str(caught.value).splitlines()] == [
        "once does not list a.sql",
        "every lists f.sql twice",
        "every lists g.sql, which does not exist",
    ]


def test_missing_manifest_is_told(tree: Tree) -> None:
    (tree.root / "sql/pgflow/manifest.toml").unlink()
    with pytest.raises(SourceError, match=r"manifest\.toml is missing"):
        read_sources(tree.root)


def test_control_file_without_version_is_told(tree: Tree) -> None:
    tree.write("pgflow.control", "requires = 'pgasync'\n")
    with pytest.raises(SourceError, match=r"pgflow\.control: default_version is missing"):
        read_control(tree.root, "pgflow")


def test_file_that_is_not_utf8_is_told(tree: Tree) -> None:
    (tree.root / "sql/pgflow/once/a.sql").write_bytes(b"SELECT '\xe9';")
    with pytest.raises(SourceError, match=r"a\.sql: not UTF-8"):
        read_sources(tree.root)
