"""Views start with ``v_``, composite types and domains end in ``_t``; names are lower case."""

import re
from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.project import Created, Problem, Project

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_LONGEST = 63


def check(project: Project) -> Iterator[Problem]:
    """Yield objects and columns with a name of the wrong form."""
    for object_ in project.created:
        name = object_.name.partition(" ON ")[0].rpartition(".")[2]
        for message in _problems(object_, name):
            yield Problem(object_.source.path, object_.line, message)
        for column in project.columns.get(object_.name, ()) if object_.kind in ("TABLE", "TYPE") else ():
            if not _NAME.match(column):
                message = f"column {column} of {object_.name} is written in lower case"
                yield Problem(object_.source.path, object_.line, message)
    for fragment in project.fragments:
        for index in fragment.all(ast.IndexStmt):
            if not index.idxname or not _NAME.match(index.idxname):
                yield Problem(
                    fragment.source.path, fragment.line(), f"name the index, in lower case: {index.idxname}"
                )

    for source in project.parsed:
        for token in source.tokens:
            if token.name == "IDENT" and len(token.text.strip('"').encode()) > _LONGEST:
                message = f"PostgreSQL cuts names off after {_LONGEST} bytes: {token.text}"
                yield Problem(source.path, source.line_of(token.start), message)


def _problems(object_: Created, name: str) -> Iterator[str]:
    if not _NAME.match(name):
        yield f"{object_.kind.lower()} {name} is written in lower case"
    if object_.kind == "VIEW" and not name.startswith("v_"):
        yield f"view {name} begins with v_"
    if object_.kind in ("TYPE", "DOMAIN") and not name.endswith("_t"):
        yield f"{object_.kind.lower()} {name} ends in _t"
