"""Every PL/pgSQL body says ``#variable_conflict error``."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project

_OPTION = ["#", "variable_conflict", "error"]


def check(project: Project) -> Iterator[Problem]:
    """Yield PL/pgSQL routines that do not begin with it."""
    for routine in project.routines:
        if routine.language == "plpgsql" and [token.text for token in routine.words[:3]] != _OPTION:
            message = f"{routine.full_name} needs the line #variable_conflict error behind its header comment"
            yield Problem(routine.source.path, routine.line, message)
