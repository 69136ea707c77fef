"""``once/`` makes schemas, types and tables, ``every/`` routines, views and triggers; no GRANT anywhere."""

from collections.abc import Iterator

from pglast import ast, enums

from pgflow_build.lint.project import Problem, Project
from pgflow_build.sources import SourceFile, Statement

_ONCE = (
    ast.CreateSchemaStmt,
    ast.CreateStmt,
    ast.CreateSeqStmt,
    ast.IndexStmt,
    ast.CompositeTypeStmt,
    ast.CreateDomainStmt,
    ast.CreateEnumStmt,
    ast.AlterTableStmt,
    ast.AlterSeqStmt,
    ast.InsertStmt,
    ast.CommentStmt,
)
_NEVER = (
    ast.TransactionStmt,
    ast.GrantStmt,
    ast.GrantRoleStmt,
    ast.VariableSetStmt,
    ast.CreateExtensionStmt,
    ast.CreateFunctionStmt,
    ast.ViewStmt,
)
_EVERY = (ast.CreateFunctionStmt, ast.ViewStmt, ast.CreateTrigStmt, ast.CommentStmt)


def check(project: Project) -> Iterator[Problem]:
    """Yield other statements, psql's commands among them."""
    for source in project.sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if line.startswith("\\"):
                yield Problem(
                    source.path, number, "no psql commands: the build writes those that a script needs"
                )
    for source in project.parsed:
        for statement in source.statements:
            if not _fits(source, statement):
                first = " ".join(statement.text.split()[:2])
                yield Problem(source.path, statement.line, f"{first} … does not belong in {source.kind}/")


def _fits(source: SourceFile, statement: Statement) -> bool:
    node = statement.node
    if source.kind == "updates":
        return not isinstance(node, _NEVER)
    if source.kind == "once":
        return isinstance(node, _ONCE)
    if isinstance(node, ast.DropStmt):
        return bool(node.removeType == enums.ObjectType.OBJECT_TRIGGER)
    return isinstance(node, _EVERY) or _is_call_of_own(source, node)


def _is_call_of_own(source: SourceFile, node: ast.Node) -> bool:
    """Whether the statement is ``SELECT f()`` of the function that the file makes."""
    if not isinstance(node, ast.SelectStmt) or node.fromClause or len(node.targetList or ()) != 1:
        return False
    value = node.targetList[0].val
    return isinstance(value, ast.FuncCall) and str(value.funcname[-1].sval) == source.name.removesuffix(
        ".sql"
    )
