"""A loop over rows has a reason beside it: set-based comes first."""

import re
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project
from pgflow_build.routines import Routine

_KINDS = frozenset({"fors", "forc", "dynfors"})
_NAMED = re.compile(r"\b[Ll]oops?\b")


def check(project: Project) -> Iterator[Problem]:
    """Yield loops over rows without a comment beside them, where the header does not speak of a loop."""
    for routine in project.routines:
        if routine.language != "plpgsql" or (routine.header and _NAMED.search(routine.header.words)):
            continue
        commented = _lines_with_comment(routine)
        for statement in routine.block.statements:
            line = routine.line_in_body(0) + statement.line - 1
            if statement.kind in _KINDS and not commented & {line, line - 1}:
                message = "say beside this loop over rows why it is one, or in the header with the word loop"
                yield Problem(routine.source.path, line, message)


def _lines_with_comment(routine: Routine) -> set[int]:
    """Return the lines on which a comment ends, the header apart."""
    comments = [token for token in routine.tokens if token.is_comment][1 if routine.header else 0 :]
    return {routine.line_in_body(comment.end - 1) for comment in comments}
