"""No line is longer than 130 characters."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project

MOST = 130
"""Most characters of a line."""


def check(project: Project) -> Iterator[Problem]:
    """Yield lines that are longer."""
    for source in project.sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if len(line) > MOST:
                yield Problem(source.path, number, f"{len(line)} characters, at most {MOST} are allowed")
