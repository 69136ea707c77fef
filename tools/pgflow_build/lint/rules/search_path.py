"""Every routine pins its search_path; a procedure that commits cannot, and so has no SET clause at all."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project
from pgflow_build.routines import Routine

PINNED = "pg_catalog, pg_temp"
"""The one search_path that routines have."""


def commits(routine: Routine) -> bool:
    """Whether the routine ends transactions by itself."""
    return routine.language == "plpgsql" and any(
        statement.kind in ("commit", "rollback") for statement in routine.block.statements
    )


def is_pinned(routine: Routine) -> bool:
    """Whether names in the routine are looked up in pg_catalog first, and in no schema of the caller's."""
    return routine.settings.get("search_path") == PINNED


def check(project: Project) -> Iterator[Problem]:
    """Yield routines without the pinned search_path, and procedures that commit with a SET clause."""
    for routine in project.routines:
        if commits(routine):
            if routine.settings:
                message = f"{routine.full_name} commits, which SET forbids: remove it and qualify every name"
                yield Problem(routine.source.path, routine.line, message)
        elif not is_pinned(routine):
            found = routine.settings.get("search_path")
            instead = f", not {found}" if found else ""
            message = f"{routine.full_name} needs SET search_path = {PINNED}{instead}"
            yield Problem(routine.source.path, routine.line, message)
