"""Changes to SQL text that are made on tokens, so that strings, bodies and comments stay as they are."""

from pgflow_build.sources import SourceFile, Token


def plain_create(source: SourceFile) -> str:
    """Return the text of a file with ``CREATE`` for each ``CREATE OR REPLACE`` that begins a statement.

    An install script runs once, in a database that must not hold the object yet: OR REPLACE would take over
    one that somebody else has put there.
    """
    begins = {statement.start for statement in source.statements}
    words = [token for token in source.tokens if not token.is_comment]
    pieces, kept = [], 0
    for create, first, last in zip(words, words[1:], words[2:], strict=False):
        if create.start in begins and _names(create, first, last) == ("CREATE", "OR", "REPLACE"):
            pieces.append(source.text[kept : first.start])
            kept = _after_blanks(source.text, last.end)
    return "".join(pieces) + source.text[kept:]


def _names(*tokens: Token) -> tuple[str, ...]:
    return tuple(token.name for token in tokens)


def _after_blanks(text: str, offset: int) -> int:
    return len(text) - len(text[offset:].lstrip())
