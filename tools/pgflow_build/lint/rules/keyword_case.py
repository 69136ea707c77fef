"""Keywords and PostgreSQL's types are upper case; true, false and what is called are lower case."""

import re
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project
from pgflow_build.sources import Token

_LOWER = frozenset({"true", "false"})

_CALLED_WORDS = """
    coalesce greatest least nullif position substring trim overlay extract normalize current_user session_user
    current_date current_time current_timestamp current_role current_catalog current_schema user localtime
    localtimestamp"""
_CALLED = frozenset(_CALLED_WORDS.split())
"""Keywords that are called like functions, or stand for such a call."""

_TYPE_WORDS = """
    bigint bool bytea float8 int interval jsonb name numeric oid oidvector refcursor regclass regtype regproc
    regprocedure smallint text timestamptz tid txid_snapshot uuid xid record void"""
_TYPES = frozenset(_TYPE_WORDS.split())

_STATEMENT_WORDS = """
    assert begin call close commit continue declare delete discard elsif execute exit fetch for foreach get if
    insert lock loop move open perform raise reset return rollback set truncate update while"""
_STATEMENTS = frozenset(_STATEMENT_WORDS.split())
"""Words that open a statement; elsewhere they can be names."""

_OPENERS = frozenset({";", "BEGIN", "THEN", "ELSE", "LOOP"})
_JOINS = frozenset({"left", "right"})
"""Keywords before JOIN, functions before a parenthesis."""


def check(project: Project) -> Iterator[Problem]:
    """Yield keywords and types in lower case, and true and false in upper case."""
    for source in project.parsed:
        for previous, token, following in _in_context([t for t in source.tokens if not t.is_comment]):
            problem = _problem(token, previous, following, is_code=True)
            if problem:
                yield Problem(source.path, source.line_of(token.start), problem)
    for routine in project.routines:
        for previous, token, following in _in_context(list(routine.words)):
            problem = _problem(token, previous, following, is_code=token.start >= routine.code_start)
            if problem:
                yield Problem(routine.source.path, routine.line_in_body(token.start), problem)


def _in_context(tokens: list[Token]) -> Iterator[tuple[str, Token, str]]:
    """Yield each token between the texts of those before and behind it."""
    texts = [token.text for token in tokens]
    yield from zip(["", *texts[:-1]], tokens, [*texts[1:], ""], strict=True)


def _problem(token: Token, before: str, behind: str, *, is_code: bool) -> str | None:
    """Return what is wrong with a word; ``is_code``: statements may begin here, and no declarations."""
    word, kind, lower = token.text, token.kind, token.text.lower()
    if not re.match(r"^[A-Za-z]", word) or before in (".", "%") or before.upper() == "AS":
        return None
    if lower in _LOWER:
        return f"write {lower}" if word != lower else None
    if lower in _CALLED or (lower in _JOINS and behind == "("):
        return f"write {lower}" if word != lower and kind != "UNRESERVED_KEYWORD" else None
    is_keyword = (
        kind in ("RESERVED_KEYWORD", "TYPE_FUNC_NAME_KEYWORD")
        or (is_code and lower in _STATEMENTS and before.upper() in _OPENERS)
        or (lower in _TYPES and before == "::")
    )
    return f"write {word.upper()}" if is_keyword and word != word.upper() else None
