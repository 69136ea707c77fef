"""Files and bodies parse: by PostgreSQL's own grammar, and by PL/pgSQL's."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield what does not parse."""
    yield from project.broken
