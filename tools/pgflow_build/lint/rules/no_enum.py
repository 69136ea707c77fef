"""No enum: up to PostgreSQL 11 it takes no new value inside an update script."""

from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield enums that are made or changed."""
    for fragment in (*project.fragments, *project.dynamic):
        for node in fragment.all(ast.CreateEnumStmt, ast.AlterEnumStmt):
            message = "no enum: use TEXT with a named CHECK, or a domain over TEXT"
            yield Problem(fragment.source.path, fragment.line(node), message)
