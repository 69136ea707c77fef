"""Exceptions to the rules: comments ``lint: allow <rule>: <reason>`` next to the spot."""

import re
from dataclasses import dataclass

from pgflow_build.sources import SourceFile, Token, scan

_FORM = re.compile(r"^(?:--|/\*)\s*lint:\s*(?P<rest>.*?)\s*(?:\*/)?$", re.DOTALL)
_ALLOW = re.compile(r"^allow\s+(?P<rule>[a-z_]+)\s*:\s*(?P<reason>.*)$", re.DOTALL)
_LEAST_WORDS = 3


@dataclass(frozen=True)
class Excuse:
    """One such comment. It stands for lines ``first`` to ``last`` of its file.

    Those are its own lines and, unless code stands before it on its line, up to the next line with code.
    ``problem``: what is wrong with its form, None if nothing is.
    """

    source: SourceFile
    rule: str
    first: int
    last: int
    problem: str | None


def excuses_of(source: SourceFile) -> list[Excuse]:
    """Return the exceptions that a file states, in its text and in the bodies of its routines."""
    tokens = _with_bodies(source, list(source.tokens), 0)
    code = sorted(
        {line for start, end, text in tokens if not _is_comment(text) for line in _lines(source, start, end)}
    )
    found = []
    for start, end, text in tokens:
        form = _FORM.match(text) if _is_comment(text) else None
        if form:
            first, last = source.line_of(start), source.line_of(end - 1)
            if first not in code:
                last = next((line for line in code if line > last), last)
            allow = _ALLOW.match(" ".join(form["rest"].split()))
            rule = allow["rule"] if allow else ""
            found.append(Excuse(source, rule, first, last, _problem(allow)))
    return found


def _problem(allow: re.Match[str] | None) -> str | None:
    if allow is None:
        return "write it as: lint: allow <rule>: <reason>"
    if len(allow["reason"].split()) < _LEAST_WORDS:
        return f"say in at least {_LEAST_WORDS} words why {allow['rule']} does not fit here"
    return None


def _with_bodies(source: SourceFile, tokens: list[Token], offset: int) -> list[tuple[int, int, str]]:
    """Return (start, end, text) of tokens, those within dollar-quoted texts instead of these."""
    flat: list[tuple[int, int, str]] = []
    for token in tokens:
        mark = re.match(r"\$\w*\$", token.text) if token.name == "SCONST" else None
        if mark and "\n" in token.text:
            inner = token.text[mark.end() : -mark.end()]
            start = offset + token.start
            flat.append((start, start + mark.end(), mark[0]))
            flat += _with_bodies(source, list(scan(inner, source.path)), start + mark.end())
            flat.append((offset + token.end - mark.end(), offset + token.end, mark[0]))
        else:
            flat.append((offset + token.start, offset + token.end, token.text))
    return flat


def _is_comment(text: str) -> bool:
    return text.startswith(("--", "/*"))


def _lines(source: SourceFile, start: int, end: int) -> range:
    return range(source.line_of(start), source.line_of(end - 1) + 1)
