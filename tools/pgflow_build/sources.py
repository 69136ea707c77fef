"""The SQL sources of the extensions, as files, tokens and statements."""

import bisect
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pglast import ast, parser

from pgflow_build.manifest import EXTENSIONS as EXTENSIONS
from pgflow_build.manifest import SourceError as SourceError
from pgflow_build.manifest import read_manifest, read_text

COMMENT_TOKENS = frozenset({"SQL_COMMENT", "C_COMMENT"})
"""Names of the tokens that are comments."""


@dataclass(frozen=True)
class Token:
    """A word, literal, sign or comment: ``text`` stands from ``start`` to ``end`` (exclusive) in its file.

    ``name`` is PostgreSQL's name of the token (``IDENT``, ``SCONST``, ``CREATE``, ``ASCII_40``); ``kind`` is
    ``NO_KEYWORD``, ``RESERVED_KEYWORD`` and so on.
    """

    start: int
    end: int
    name: str
    kind: str
    text: str

    @property
    def is_comment(self) -> bool:
        """Whether this is a comment, of either form."""
        return self.name in COMMENT_TOKENS


@dataclass(frozen=True)
class Statement:
    """One statement of a file, whose first word stands at offset ``start``, in line ``line`` of the file.

    Comments and blanks around it and the semicolon are no part of ``text``; those within are. ``node`` is
    what pglast makes of it; the locations in it count from the beginning of the file.
    """

    node: ast.Node
    text: str
    start: int
    line: int


@dataclass(frozen=True)
class SourceFile:
    """One file of ``sql/<extension>/once`` or ``every``. Offsets count its characters, lines count from 1."""

    path: Path
    extension: str
    kind: str
    name: str
    text: str

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens in order, comments included; raises SourceError where there is no token."""
        return scan(self.text, self.path)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All statements in order; raises SourceError where PostgreSQL's grammar refuses one."""
        try:
            parsed = parser.parse_sql(self.text)
        except parser.ParseError as error:
            raise _syntax_error(self.path, self.text, error) from None
        words = [token for token in self.tokens if not token.is_comment]
        starts = [token.start for token in words]
        return tuple(self._statement(raw, words, starts) for raw in parsed)

    def line_of(self, offset: int) -> int:
        """Return the number of the line in which the character at ``offset`` stands."""
        return line_of(self.text, offset)

    def _statement(self, raw: ast.RawStmt, words: list[Token], starts: list[int]) -> Statement:
        stop = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(self.text)
        first = words[bisect.bisect_left(starts, raw.stmt_location)]
        last = words[bisect.bisect_left(starts, stop) - 1]
        assert raw.stmt is not None
        return Statement(raw.stmt, self.text[first.start : last.end], first.start, self.line_of(first.start))


def read_sources(root: Path) -> tuple[SourceFile, ...]:
    """Return the sources of all extensions under ``root``, in the order in which they run."""
    return tuple(source for extension in EXTENSIONS for source in read_extension(root, extension))


def read_extension(root: Path, extension: str) -> tuple[SourceFile, ...]:
    """Return the sources of one extension, in the order in which they run."""
    folder = root.resolve() / "sql" / extension
    return tuple(
        SourceFile(path := folder / kind / name, extension, kind, name, read_text(path))
        for kind, name in read_manifest(root, extension).files()
    )


def scan(text: str, path: Path) -> tuple[Token, ...]:
    """Return the tokens of ``text``, comments included; ``path`` is named if that fails."""
    try:
        scanned = parser.scan(text)
    except parser.ParseError as error:
        raise _syntax_error(path, text, error) from None
    return tuple(
        Token(token.start, token.end + 1, token.name, token.kind, text[token.start : token.end + 1])
        for token in scanned
    )


def line_of(text: str, offset: int) -> int:
    """Return the number of the line, counted from 1, in which the character at ``offset`` stands."""
    return text.count("\n", 0, offset) + 1


def _syntax_error(path: Path, text: str, error: parser.ParseError) -> SourceError:
    message, location = error.args
    return SourceError(f"{path}:{line_of(text, location or 0)}: {message}")
