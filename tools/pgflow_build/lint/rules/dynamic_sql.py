"""SQL made at run time is a literal, or ``format`` of one with ``%I`` and ``%L``; never pasted together."""

import re
from collections.abc import Iterator

from pglast import ast, enums, parser

from pgflow_build.lint.dynamic import Follower, Query, UnsafeError, texts_of
from pgflow_build.lint.fragments import Fragment, walk
from pgflow_build.lint.names import constant_text, function_name
from pgflow_build.lint.project import Problem, Project

_LOOKS_LIKE_SQL = re.compile(
    r"^\s*;?\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CALL|DO|PERFORM|EXECUTE|DECLARE|BEGIN|LOCK TABLE"
    r"|TRUNCATE|CREATE|ALTER|DROP|COMMIT|ROLLBACK|GRANT|REVOKE|RESET)(\s|;|$)"
)
_JOINING = frozenset({"concat", "concat_ws", "replace", "string_agg", "regexp_replace", "overlay"})


def check(project: Project) -> Iterator[Problem]:
    """Yield queries that may hold what nobody quoted, and pasted text that looks like SQL."""
    for query in project.queries:
        problem = _problem(query)
        if problem:
            yield Problem(query.fragment.source.path, query.line, f"query of {query.how} {problem}")
    for fragment in project.fragments:
        if fragment.routine:
            run = [walk(query.node) for query in project.queries if query.fragment is fragment]
            yield from _pasted_problems(fragment, {id(node) for nodes in run for node in nodes})


def _problem(query: Query) -> str | None:
    try:
        for text in texts_of(query):
            parser.parse_sql(text)
    except UnsafeError as reason:
        return str(reason)
    except parser.ParseError as error:
        return f"does not parse: {error.args[0]}"
    return None


def _pasted_problems(fragment: Fragment, told: set[int]) -> Iterator[Problem]:
    """Yield what is pasted; of one that stands in another, or in what has been looked at, nothing."""
    for node, message in _pasted(fragment):
        if id(node) not in told:
            told |= {id(below) for below in walk(node)}
            yield Problem(fragment.source.path, fragment.line(node), message)


def _pasted(fragment: Fragment) -> Iterator[tuple[ast.Node, str]]:
    assert fragment.routine is not None
    for node in fragment.nodes:
        if (
            isinstance(node, ast.A_Expr)
            and node.kind == enums.A_Expr_Kind.AEXPR_OP
            and node.name[-1].sval == "||"
        ):
            is_constant = constant_text(node.lexpr) is not None and constant_text(node.rexpr) is not None
            if not is_constant and (_is_sql(node.lexpr) or _is_sql(node.rexpr)):
                yield node, "SQL is joined with ||: use format() with %I and %L"
        elif isinstance(node, ast.FuncCall) and any(_is_sql(argument) for argument in node.args or ()):
            name = function_name(node).removeprefix("pg_catalog.")
            if name in _JOINING:
                yield node, f"SQL is put together by {name}(): use format() with %I and %L"
            elif name == "format":
                try:
                    Follower(fragment.routine).texts(node)
                except UnsafeError as reason:
                    yield node, f"SQL {reason}"


def _is_sql(node: ast.Node | None) -> bool:
    text = constant_text(node)
    return text is not None and _LOOKS_LIKE_SQL.match(text) is not None
