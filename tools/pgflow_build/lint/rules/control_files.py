"""Control files say what PostgreSQL 11 knows, have no ``schema``, and are not relocatable."""

import re
from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project

_ALLOWED = frozenset({"comment", "default_version", "relocatable", "requires", "superuser"})
_LINE = re.compile(r"^\s*(?P<key>\w+)\s*=\s*(?P<value>.*?)\s*$")


def check(project: Project) -> Iterator[Problem]:
    """Yield keys that do not belong there, and those that are missing."""
    for path in sorted(project.root.glob("*.control")):
        given = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            entry = _LINE.match(line.partition("#")[0])
            if entry:
                given[entry["key"]] = entry["value"]
                if entry["key"] not in _ALLOWED:
                    yield Problem(
                        path, number, f"no {entry['key']}: allowed are {', '.join(sorted(_ALLOWED))}"
                    )
        if given.get("relocatable") != "false":
            yield Problem(path, 1, "relocatable = false: the scripts name their schemas")
        for key in sorted({"comment", "default_version"} - given.keys()):
            yield Problem(path, 1, f"{key} is missing")
