"""Each object has its COMMENT ON in the same file: no empty one, a capital first, no full stop at the end."""

import re
from collections.abc import Iterator

from pglast import ast, enums

from pgflow_build.lint.names import dotted
from pgflow_build.lint.project import Problem, Project, created_by
from pgflow_build.sources import SourceFile

_STARTS = re.compile(r"^([A-Z0-9]|[a-z_]+[.(_])")
_KINDS = {
    enums.ObjectType.OBJECT_FUNCTION: "FUNCTION",
    enums.ObjectType.OBJECT_PROCEDURE: "PROCEDURE",
    enums.ObjectType.OBJECT_SCHEMA: "SCHEMA",
    enums.ObjectType.OBJECT_TABLE: "TABLE",
    enums.ObjectType.OBJECT_VIEW: "VIEW",
    enums.ObjectType.OBJECT_SEQUENCE: "SEQUENCE",
    enums.ObjectType.OBJECT_TYPE: "TYPE",
    enums.ObjectType.OBJECT_DOMAIN: "DOMAIN",
    enums.ObjectType.OBJECT_TRIGGER: "TRIGGER",
}


def check(project: Project) -> Iterator[Problem]:
    """Yield objects without a comment, and comments of the wrong form or on nothing that the file makes."""
    for source in project.parsed:
        commented = _commented(source)
        objects = [(object_.kind, object_.name) for object_ in created_by(source)]
        for object_ in created_by(source):
            if objects.count((object_.kind, object_.name)) > commented.count((object_.kind, object_.name)):
                message = f"COMMENT ON {object_.kind} {object_.name} is missing in this file"
                yield Problem(source.path, object_.line, message)
        for statement in source.statements:
            if isinstance(statement.node, ast.CommentStmt):
                problem = _problem(statement.node.comment)
                if problem:
                    yield Problem(source.path, statement.line, problem)


def _commented(source: SourceFile) -> list[tuple[str, str]]:
    """Return kind and name of what the comments of a file are on; an empty one is none."""
    comments = [s.node for s in source.statements if isinstance(s.node, ast.CommentStmt) and s.node.comment]
    return [(_KINDS.get(node.objtype, ""), _name(node)) for node in comments]


def _name(node: ast.CommentStmt) -> str:
    target = node.object
    if isinstance(target, ast.ObjectWithArgs):
        return dotted(target.objname)
    if isinstance(target, ast.TypeName):
        return dotted(target.names)
    if isinstance(target, ast.String):
        return str(target.sval)
    names = [str(part.sval) for part in target or ()]
    if node.objtype == enums.ObjectType.OBJECT_TRIGGER:
        return f"{names[-1]} ON {'.'.join(names[:-1])}"
    return ".".join(names)


def _problem(comment: str | None) -> str | None:
    if not comment or not comment.strip():
        return "the comment is empty"
    if comment.lower().startswith("private:"):
        return "write Engine: before what is not for users, as everywhere else"
    if not _STARTS.match(comment):
        return f"a comment begins with a capital: {comment[:40]}…"
    if comment.rstrip().endswith("."):
        return "a comment has no full stop at its end"
    return None
