"""Errors as PostgreSQL's own: lower case and no full stop, an ERRCODE, hints and details as sentences."""

import re
from collections.abc import Iterator
from typing import Any

from pglast import ast

from pgflow_build.lint.fragments import expression_fragments
from pgflow_build.lint.names import constant_text, function_name
from pgflow_build.lint.project import Problem, Project
from pgflow_build.plpgsql import PlStatement, expression_of
from pgflow_build.routines import Routine

_ERROR, _ERRCODE, _MESSAGE, _DETAIL, _HINT = 21, 0, 1, 2, 3
_STATE = re.compile(r"^([0-9A-Z]{5}|[a-z_]+)$")
_NAME = re.compile(r"^\w+?(_\w|\.\w|\()")
"""A name of an object or a setting may open a sentence as it is."""


def check(project: Project) -> Iterator[Problem]:
    """Yield RAISE statements of another style; a RAISE that only passes an error on is left alone."""
    for routine in project.routines:
        if routine.language == "plpgsql":
            for statement in routine.block.statements:
                if statement.kind == "raise":
                    line = routine.line_in_body(0) + statement.line - 1
                    for message in _problems(routine, statement):
                        yield Problem(routine.source.path, line, message)


def _problems(routine: Routine, statement: PlStatement) -> Iterator[str]:
    options = {option["opt_type"]: option for option in _options(statement.data)}
    is_error = statement.data.get("elog_level") == _ERROR
    message = statement.data.get("message")
    if message is None and not options and "condname" not in statement.data:
        return
    if is_error and _ERRCODE not in options and "condname" not in statement.data:
        yield "an error has an ERRCODE: one of class PF, or a condition of PostgreSQL's"
    messages = [message] if message is not None else _texts(routine, statement, options.get(_MESSAGE))
    for text in messages:
        yield from _of_message(text)
    for state in _texts(routine, statement, options.get(_ERRCODE)):
        if not _STATE.match(state):
            yield f"{state!r} is no SQLSTATE"
    for kind, name in ((_DETAIL, "detail"), (_HINT, "hint")):
        for text in _texts(routine, statement, options.get(kind)):
            yield from _of_sentence(name, text)


def _of_message(text: str) -> Iterator[str]:
    first = text.split(" ")[0]
    if first[:1].isupper() and not first[1:2].isupper() and not _NAME.match(first):
        yield f"a message begins in lower case: {text}"
    if text.endswith((".", "!")):
        yield f"a message has no full stop at its end: {text}"
    if "\n" in text:
        yield "a message is one line: more goes in DETAIL"


def _of_sentence(name: str, text: str) -> Iterator[str]:
    first = text.split(" ")[0]
    if first[:1].islower() and not _NAME.match(first):
        yield f"a {name} begins with a capital: {text}"
    if not text.endswith((".", "?", "…")):
        yield f"a {name} is a sentence with a full stop: {text}"


def _options(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        option["PLpgSQL_raise_option"] | {"opt_type": option["PLpgSQL_raise_option"].get("opt_type", 0)}
        for option in data.get("options", ())
    ]


def _texts(routine: Routine, statement: PlStatement, option: dict[str, Any] | None) -> list[str]:
    """Return the literals that the value of an option can be; none where it is made otherwise."""
    expression = expression_of(option, "expr", statement.line) if option else None
    if expression is None:
        return []
    node = next(expression_fragments(routine, expression)).node
    assert isinstance(node, ast.SelectStmt)
    assert node.targetList
    return list(_literals(node.targetList[0].val))


def _literals(node: ast.Node | None) -> Iterator[str]:
    constant = constant_text(node)
    if constant is not None:
        yield constant
    elif isinstance(node, ast.CaseExpr):
        for when in node.args or ():
            yield from _literals(when.result)
        yield from _literals(node.defresult)
    elif isinstance(node, ast.FuncCall) and function_name(node) in ("format", "pg_catalog.format"):
        yield from _literals(node.args[0])
