"""Checks that the files of ``every`` may be run again and those of ``once`` say that they may not.

An update script runs the files of ``every`` over a database that has them already; the install script is made
from the same text.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pglast import ast, enums

from pgflow_build.extension import Extension
from pgflow_build.finding import Finding
from pgflow_build.sources import SourceFile, Statement

RULE = "repeatable"


def findings(extensions: Sequence[Extension], root: Path) -> list[Finding]:
    """Return each statement that is in the wrong folder or in the wrong form."""
    return [
        Finding(source.path.relative_to(root.resolve()).as_posix(), line, RULE, message)
        for extension in extensions
        for source in extension.sources
        for line, message in (_in_every(source) if source.kind == "every" else _in_once(source))
    ]


def _in_once(source: SourceFile) -> Iterator[tuple[int, str]]:
    for statement in source.statements:
        if getattr(statement.node, "replace", False):
            yield statement.line, "CREATE OR REPLACE belongs in every/"


def _in_every(source: SourceFile) -> Iterator[tuple[int, str]]:
    dropped: set[tuple[str, ...]] = set()
    for statement in source.statements:
        node = statement.node
        if (
            isinstance(node, ast.DropStmt)
            and node.missing_ok
            and node.removeType == enums.ObjectType.OBJECT_TRIGGER
        ):
            dropped |= {tuple(name.sval for name in names) for names in node.objects}
        elif isinstance(node, ast.CreateTrigStmt):
            if _trigger(node) not in dropped:
                yield statement.line, f"a trigger needs DROP TRIGGER IF EXISTS {node.trigname} ON … before it"
        elif isinstance(node, ast.CreateFunctionStmt | ast.ViewStmt):
            if not node.replace:
                yield statement.line, "say CREATE OR REPLACE, so that the file can be run again"
        elif _first_word(statement) in ("CREATE", "INSERT"):
            yield statement.line, "may not be run again: move it to once/"


def _trigger(node: ast.CreateTrigStmt) -> tuple[str, ...]:
    table = node.relation
    return tuple(part for part in (table.schemaname, table.relname, node.trigname) if part)


def _first_word(statement: Statement) -> str:
    return statement.text.split(maxsplit=1)[0].upper()
