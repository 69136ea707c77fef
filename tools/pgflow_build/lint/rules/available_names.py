"""Names of PostgreSQL's own exist in all majors from 11 to 18: functions, types, columns, settings."""

from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.fragments import Fragment
from pgflow_build.lint.majors import function_lacking, lacking
from pgflow_build.lint.names import argument_count, constant_text, dotted, function_name
from pgflow_build.lint.project import Problem, Project

_RENAMED_SYNTAX = frozenset({"extract", "similar_to_escape"})
"""Functions into which newer grammars turn words that old majors know as well."""


def check(project: Project) -> Iterator[Problem]:
    """Yield names that not all of these majors have."""
    for fragment in (*project.fragments, *project.dynamic):
        for node, name, lack in _lacking(fragment):
            yield Problem(fragment.source.path, fragment.line(node), f"{name}: {lack}")
    for routine in project.routines:
        for setting in routine.settings:
            missing = lacking("setting", setting)
            if missing:
                yield Problem(routine.source.path, routine.line, f"setting {setting}: {missing}")


def _lacking(fragment: Fragment) -> Iterator[tuple[ast.Node, str, str]]:
    relations = {r.alias.aliasname if r.alias else r.relname: r.relname for r in fragment.all(ast.RangeVar)}
    for node in fragment.nodes:
        for name, lack in _of(node, relations):
            if lack:
                yield node, name, lack


def _of(node: ast.Node, relations: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, ast.FuncCall):
        name = function_name(node).removeprefix("pg_catalog.")
        count = argument_count(node)
        if "." not in name and name not in _RENAMED_SYNTAX:
            yield f"function {name} with {count} arguments", function_lacking(name, count)
        setting = constant_text(node.args[0]) if node.args else None
        if setting and ((name == "current_setting" and count == 1) or name == "set_config"):
            yield f"setting {setting}", lacking("setting", setting)
    elif isinstance(node, ast.TypeName):
        name = dotted(node.names).removeprefix("pg_catalog.")
        yield f"type {name}", lacking("type", name)
    elif isinstance(node, ast.RangeVar) and node.schemaname in (None, "pg_catalog"):
        yield f"relation {node.relname}", lacking("relation", node.relname)
    elif isinstance(node, ast.ColumnRef) and len(node.fields) == 2:
        relation, column = (str(getattr(part, "sval", "*")) for part in node.fields)
        name = f"{relations.get(relation, relation)}.{column}"
        yield f"column {name}", lacking("column", name)
    elif isinstance(node, ast.A_Expr):
        operator = node.name[-1].sval
        yield f"operator {operator}", lacking("operator", operator)
    elif isinstance(node, ast.VariableSetStmt) and node.name:
        yield f"setting {node.name}", lacking("setting", node.name)
