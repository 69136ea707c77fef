"""Our own objects are written with their schema, where they are made and wherever they are used."""

import re
from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.dynamic import PLACEHOLDER
from pgflow_build.lint.fragments import Fragment
from pgflow_build.lint.names import constant_text, dotted, function_name
from pgflow_build.lint.project import Problem, Project

_BY_TEXT = frozenset(
    {"nextval", "currval", "setval", "to_regclass", "to_regtype", "to_regproc", "to_regprocedure"}
)
_REGISTERED = frozenset({"regclass", "regproc", "regprocedure", "regtype"})
_SYSTEM = re.compile(r"^(pg_|sql_)")
_KINDS = {
    "function": ("FUNCTION", "PROCEDURE"),
    "relation": ("TABLE", "VIEW", "SEQUENCE"),
    "type": ("TYPE", "DOMAIN", "TABLE", "VIEW"),
}
_SHADOWED = frozenset({"log"})
"""Our routines with the name of one of pg_catalog's, which the bare name means; those take no texts."""


def check(project: Project) -> Iterator[Problem]:
    """Yield names without a schema that are, or can only be, those of our own objects."""
    for object_ in project.created:
        if "." not in object_.name and object_.kind not in ("SCHEMA", "TRIGGER"):
            message = f"{object_.kind.lower()} {object_.name} is created without a schema"
            yield Problem(object_.source.path, object_.line, message)
    own = {
        kind: {name.rpartition(".")[2] for name in project.named(*kinds)} for kind, kinds in _KINDS.items()
    }
    for fragment in (*project.fragments, *project.dynamic):
        for node, message in _unqualified(fragment, own):
            yield Problem(fragment.source.path, fragment.line(node), message)


def _unqualified(fragment: Fragment, own: dict[str, set[str]]) -> Iterator[tuple[ast.Node, str]]:
    local = {cte.ctename for cte in fragment.all(ast.CommonTableExpr)}
    created = {id(node) for node in _created_relations(fragment.node)}
    for node in fragment.nodes:
        message = None
        if isinstance(node, ast.FuncCall):
            message = _of_call(node, own["function"])
        elif isinstance(node, ast.RangeVar) and not node.schemaname and id(node) not in created:
            is_known = node.relname in local or _SYSTEM.match(node.relname)
            message = None if is_known else f"qualify relation {node.relname}"
        elif isinstance(node, ast.TypeName) and dotted(node.names) in own["type"]:
            message = f"qualify type {dotted(node.names)}"
        elif isinstance(node, ast.CreateTrigStmt) and len(node.funcname or ()) == 1:
            message = f"qualify function {dotted(node.funcname)}"
        elif isinstance(node, ast.TypeCast) and dotted(node.typeName.names) in _REGISTERED:
            text = constant_text(node.arg) or ""
            is_own = any(text.partition("(")[0] in names for names in own.values())
            message = f"qualify '{text}'" if is_own else None
        if message:
            yield node, message


def _of_call(call: ast.FuncCall, own: set[str]) -> str | None:
    name = function_name(call)
    texts = [constant_text(argument) for argument in call.args or ()]
    if name in own and (name not in _SHADOWED or any(texts)):
        return f"qualify function {name}"
    if _is_dblink(name):
        return f"call async.dblink_…() instead of {name}(): that knows the schema of dblink"
    if name.removeprefix("pg_catalog.") in _BY_TEXT and texts and texts[0] and "." not in texts[0]:
        return f"qualify '{texts[0]}'"
    return None


def _is_dblink(name: str) -> bool:
    """Whether a function is one of dblink's own, and not one into whose name EXECUTE fills the schema."""
    schema, _, bare = name.rpartition(".")
    return bare.startswith("dblink") and schema not in ("async", PLACEHOLDER)


def _created_relations(node: ast.Node) -> Iterator[ast.Node]:
    """Yield the names of what the statement creates: those are looked at as such."""
    for attribute in ("relation", "view", "sequence", "typevar"):
        if isinstance(node, ast.CreateStmt | ast.ViewStmt | ast.CreateSeqStmt | ast.CompositeTypeStmt):
            yield from filter(None, [getattr(node, attribute, None)])
