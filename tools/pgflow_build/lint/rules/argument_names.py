"""What a caller passes begins with ``_``; results and locals do not; all are lower case."""

import re
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project
from pgflow_build.routines import Argument

_INPUT = re.compile(r"^_[a-z][a-z0-9_]*$")
_PLAIN = re.compile(r"^[a-z][a-z0-9_]*$")


def check(project: Project) -> Iterator[Problem]:
    """Yield arguments, results and locals with a name of the wrong form."""
    for routine in project.routines:
        path = routine.source.path
        for argument in routine.arguments:
            problem = _problem(argument)
            if problem:
                line = routine.line_of_name(argument.name) if argument.name else routine.line
                yield Problem(path, line, f"{routine.full_name}: {problem}")
        if routine.language == "plpgsql":
            for variable in routine.block.variables:
                if not _PLAIN.match(variable.name):
                    line = routine.line_in_body(0) + variable.line - 1
                    yield Problem(
                        path, line, f"local {variable.name} is written in lower case, without _ before it"
                    )


def _problem(argument: Argument) -> str | None:
    if argument.name is None:
        return "every argument has a name"
    if argument.is_input and not _INPUT.match(argument.name):
        return f"argument {argument.name} begins with _ and is in lower case"
    if not argument.is_input and not _PLAIN.match(argument.name):
        return f"result {argument.name} is written in lower case, without _ before it"
    return None
