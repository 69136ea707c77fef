"""``every/`` can run again: OR REPLACE, or DROP TRIGGER IF EXISTS first. ``once/`` has no OR REPLACE."""

from collections.abc import Iterator

from pglast import ast, enums

from pgflow_build.lint.project import Problem, Project
from pgflow_build.sources import SourceFile


def check(project: Project) -> Iterator[Problem]:
    """Yield statements of ``every/`` that would fail the second time, and OR REPLACE in ``once/``."""
    for source in project.parsed:
        check_kind = {"every": _again, "once": _once}.get(source.kind)
        for line, message in check_kind(source) if check_kind else ():
            yield Problem(source.path, line, message)


def _again(source: SourceFile) -> Iterator[tuple[int, str]]:
    dropped: set[tuple[str, ...]] = set()
    for statement in source.statements:
        node = statement.node
        if isinstance(node, ast.CreateFunctionStmt | ast.ViewStmt) and not node.replace:
            yield statement.line, "write CREATE OR REPLACE: files of every/ run again"
        elif isinstance(node, ast.DropStmt) and node.removeType == enums.ObjectType.OBJECT_TRIGGER:
            dropped.update(tuple(part.sval for part in name) for name in node.objects if node.missing_ok)
        elif isinstance(node, ast.CreateTrigStmt):
            table = [part for part in (node.relation.schemaname, node.relation.relname) if part]
            if (*table, node.trigname) not in dropped:
                yield (
                    statement.line,
                    f"write DROP TRIGGER IF EXISTS {node.trigname} before it: files of every/ run again",
                )


def _once(source: SourceFile) -> Iterator[tuple[int, str]]:
    for statement in source.statements:
        if getattr(statement.node, "replace", False):
            yield statement.line, "files of once/ run once: CREATE without OR REPLACE, or move it to every/"
