"""docs/errors.md lists every SQLSTATE of class PF that the sources raise, and no other."""

import re
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project

_CODE = re.compile(r"\bPF[0-9]{3}\b")
_RAISED = re.compile(r"ERRCODE = '(PF[0-9]{3})'")
_LISTED = re.compile(r"^\| (PF[0-9]{3}) \|", re.MULTILINE)


def check(project: Project) -> Iterator[Problem]:
    """Yield codes that are raised or told of and not listed, and those that are listed and nowhere raised."""
    page = project.root / "docs" / "errors.md"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    listed = set(_LISTED.findall(text))
    raised = set()
    for source in project.sources:
        raised |= set(_RAISED.findall(source.text))
        for match in _CODE.finditer(source.text):
            if match[0] not in listed:
                yield Problem(
                    source.path, source.line_of(match.start()), f"{match[0]} is not listed in docs/errors.md"
                )
    for match in _LISTED.finditer(text):
        if match[1] not in raised:
            yield Problem(page, text.count("\n", 0, match.start()) + 1, f"{match[1]} is raised nowhere")
