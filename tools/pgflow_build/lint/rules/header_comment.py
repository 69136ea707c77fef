"""Every body opens with a comment of whole sentences, so that psql shows it with the routine."""

import re
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project

_SENTENCE = re.compile(r"^[A-Z_\[(].*[.:;…)]( |$)|^[A-Z].*[.]$", re.DOTALL)


def check(project: Project) -> Iterator[Problem]:
    """Yield routines whose body does not open with such a comment."""
    for routine in project.routines:
        header = routine.header
        if header is None:
            message = f"the body of {routine.full_name} opens with a /* comment */: purpose, errors, writes"
            yield Problem(routine.source.path, routine.line, message)
        elif not _SENTENCE.match(header.words):
            message = f"the header of {routine.full_name} begins with a sentence: capital, full stop"
            yield Problem(routine.source.path, header.line, message)
