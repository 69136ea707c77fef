"""A routine fits a screen: at most 60 lines, its header comment and DECLARE section not counted."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project

MOST = 60
"""Most lines from the first word behind header and DECLARE section to the last."""


def check(project: Project) -> Iterator[Problem]:
    """Yield routines that are longer."""
    for routine in project.routines:
        if routine.words:
            lines = routine.line_in_body(routine.words[-1].end) - routine.line_in_body(routine.code_start) + 1
            if lines > MOST:
                message = f"{routine.full_name} has {lines} lines, at most {MOST} are allowed: split it"
                yield Problem(routine.source.path, routine.line, message)
