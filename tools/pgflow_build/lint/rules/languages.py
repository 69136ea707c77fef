"""Routines are written in sql or plpgsql, and run with the rights of their caller."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield routines in another language, and SECURITY DEFINER."""
    for routine in project.routines:
        if routine.language not in ("sql", "plpgsql"):
            message = (
                f"{routine.full_name} is in {routine.language}: only sql and plpgsql are there everywhere"
            )
            yield Problem(routine.source.path, routine.line, message)
        if any(option.defname == "security" and option.arg.boolval for option in routine.node.options or ()):
            message = f"{routine.full_name} is SECURITY DEFINER: say why it must be, or grant what it needs"
            yield Problem(routine.source.path, routine.line, message)
