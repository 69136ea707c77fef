"""No IF NOT EXISTS: it takes over what somebody made under that name. Temporary tables may have it."""

from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield statements with IF NOT EXISTS."""
    for fragment in (*project.fragments, *project.dynamic):
        for node in fragment.nodes:
            is_temporary = isinstance(node, ast.CreateStmt) and node.relation.relpersistence == "t"
            if getattr(node, "if_not_exists", False) and not is_temporary:
                message = "no IF NOT EXISTS: an object that is there already is not ours"
                yield Problem(fragment.source.path, fragment.line(node), message)
