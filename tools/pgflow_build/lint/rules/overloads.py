"""No two functions that default arguments make ambiguous: a number of arguments means one of them only."""

from collections import defaultdict
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project
from pgflow_build.plpgsql import type_text
from pgflow_build.routines import Routine


def check(project: Project) -> Iterator[Problem]:
    """Yield overloads that a call could mean as well as an earlier one, one of the two by its defaults."""
    by_name: dict[str, list[Routine]] = defaultdict(list)
    for routine in project.routines:
        for other in by_name[routine.full_name]:
            count = _common_count(routine, other)
            if count is not None:
                message = (
                    f"{routine.full_name} with {count} arguments may also mean the one in "
                    f"{other.source.name}:{other.line}; give one of them another name or other defaults"
                )
                yield Problem(routine.source.path, routine.line, message)
        by_name[routine.full_name].append(routine)


def _common_count(one: Routine, other: Routine) -> int | None:
    """Return a number of arguments with which both can be called, unless full lists of types differ."""
    for count in one.input_counts():
        if count in other.input_counts():
            is_full = (
                count == len(_types(one)) == len(_types(other)) and not _is_open(one) and not _is_open(other)
            )
            if not is_full or _types(one) == _types(other):
                return count
    return None


def _is_open(routine: Routine) -> bool:
    return any(argument.mode == "variadic" for argument in routine.arguments)


def _types(routine: Routine) -> list[str]:
    return [type_text(argument.type) for argument in routine.arguments if argument.is_input]
