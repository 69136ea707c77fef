"""How the reference writes types and expressions, and which comments are for users."""

from pglast import ast
from pglast.stream import RawStream

from pgflow_build.objects import type_text

PRIVATE = "Engine:"
"""How a COMMENT on what is not for users begins."""
_SPELLED = {"int4": "INT", "int8": "BIGINT", "float8": "FLOAT8"}

Comments = dict[str, str]
"""Text of each COMMENT, by the name of what it is on: that of a column has its relation's before it."""


def is_public(comment: str | None) -> bool:
    """Tell whether a COMMENT, if there is one, is on something for users."""
    return comment is not None and not comment.startswith(PRIVATE)


def type_name(name: ast.TypeName) -> str:
    """Return the name of a type as the sources write it."""
    text = type_text(name)
    item = text.removesuffix("[]")
    spelled = item if "." in item else _SPELLED.get(item, item.upper())
    return spelled + text.removeprefix(item)


def expression(node: ast.Node) -> str:
    """Return an expression as SQL, the words true, false and null in lower case."""
    text = str(RawStream()(node))  # type: ignore[no-untyped-call]
    return text.lower() if text in ("TRUE", "FALSE", "NULL") else text
