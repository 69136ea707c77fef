"""Without a pinned search_path all names are qualified: functions, relations, types and operators."""

from collections.abc import Iterable, Iterator

from pglast import ast, enums

from pgflow_build.lint.fragments import Fragment
from pgflow_build.lint.names import dotted, function_name
from pgflow_build.lint.project import Problem, Project, qualified
from pgflow_build.lint.rules.search_path import is_pinned

_CASE = "CASE with a value compares with an unqualified ="
_IMPLIED = {
    enums.A_Expr_Kind.AEXPR_DISTINCT: "IS DISTINCT FROM",
    enums.A_Expr_Kind.AEXPR_NOT_DISTINCT: "IS NOT DISTINCT FROM",
    enums.A_Expr_Kind.AEXPR_NULLIF: "nullif()",
    enums.A_Expr_Kind.AEXPR_IN: "IN",
    enums.A_Expr_Kind.AEXPR_LIKE: "LIKE",
    enums.A_Expr_Kind.AEXPR_ILIKE: "ILIKE",
    enums.A_Expr_Kind.AEXPR_SIMILAR: "SIMILAR TO",
    enums.A_Expr_Kind.AEXPR_BETWEEN: "BETWEEN",
    enums.A_Expr_Kind.AEXPR_NOT_BETWEEN: "NOT BETWEEN",
    enums.A_Expr_Kind.AEXPR_BETWEEN_SYM: "BETWEEN SYMMETRIC",
    enums.A_Expr_Kind.AEXPR_NOT_BETWEEN_SYM: "NOT BETWEEN SYMMETRIC",
}
"""Forms that look an operator up by its bare name."""


def check(project: Project) -> Iterator[Problem]:
    """Yield unqualified names where the search_path is that of the caller, or of the session far away."""
    for routine in project.routines:
        if not is_pinned(routine):
            yield from _problems((*project.bodies[id(routine)], *project.dynamic_of(routine)))
            if routine.language == "plpgsql":
                for statement in routine.block.statements:
                    if statement.kind == "case" and "t_expr" in statement.data:
                        line = routine.line_in_body(0) + statement.line - 1
                        yield Problem(routine.source.path, line, _CASE)
    yield from _problems(fragment for fragment in project.dynamic if fragment.made_by != "EXECUTE")


def _problems(fragments: Iterable[Fragment]) -> Iterator[Problem]:
    for fragment in fragments:
        for node, message in _unqualified(fragment):
            yield Problem(fragment.source.path, fragment.line(node), message)


def _unqualified(fragment: Fragment) -> Iterator[tuple[ast.Node, str]]:
    own = {cte.ctename for cte in fragment.all(ast.CommonTableExpr)}
    for node in fragment.nodes:
        if isinstance(node, ast.FuncCall) and "." not in function_name(node):
            yield node, f"qualify function {function_name(node)}"
        elif isinstance(node, ast.RangeVar) and not node.schemaname and node.relname not in own:
            yield node, f"qualify relation {qualified(node)}"
        elif isinstance(node, ast.TypeName) and node.names and len(node.names) == 1:
            yield node, f"qualify type {dotted(node.names)}"
        elif isinstance(node, ast.A_Expr) and node.kind in _IMPLIED:
            yield (
                node,
                f"{_IMPLIED[node.kind]} uses an unqualified operator: write it with OPERATOR(pg_catalog.…)",
            )
        elif isinstance(node, ast.A_Expr) and len(node.name or ()) == 1:
            yield node, f"write OPERATOR(pg_catalog.{dotted(node.name)})"
        elif isinstance(node, ast.SubLink) and node.testexpr is not None and len(node.operName or ()) < 2:
            yield node, "a comparison with a subquery uses an unqualified operator"
        elif isinstance(node, ast.CaseExpr) and node.arg is not None:
            yield node, _CASE
        elif isinstance(node, ast.JoinExpr) and (node.usingClause or node.isNatural):
            yield node, "USING and NATURAL compare with an unqualified ="
