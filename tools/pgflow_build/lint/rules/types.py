"""No varchar(n), char, timestamp without time zone, serial, money, json, 4-byte floats; one spelling each."""

from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.names import dotted
from pgflow_build.lint.project import Problem, Project

_WRONG = {
    "abstime": "TIMESTAMPTZ",
    "bpchar": "TEXT",
    "char": "TEXT",
    "varchar": "TEXT",
    "timestamp": "TIMESTAMPTZ",
    "timetz": "TIMESTAMPTZ",
    "serial": "INT GENERATED ALWAYS AS IDENTITY",
    "serial4": "INT GENERATED ALWAYS AS IDENTITY",
    "bigserial": "BIGINT GENERATED ALWAYS AS IDENTITY",
    "serial8": "BIGINT GENERATED ALWAYS AS IDENTITY",
    "smallserial": "INT GENERATED ALWAYS AS IDENTITY",
    "money": "NUMERIC",
    "float4": "FLOAT8 or NUMERIC",
    "json": "JSONB",
    "bit": "BOOL or INT",
}
_SPELLED = {
    "INTEGER": "INT",
    "INT4": "INT",
    "INT8": "BIGINT",
    "BOOLEAN": "BOOL",
    "DECIMAL": "NUMERIC",
    "DOUBLE": "FLOAT8",
}
_SPELLED |= {"CHARACTER": "TEXT"}


def check(project: Project) -> Iterator[Problem]:
    """Yield uses of those types, and second spellings of others."""
    for fragment in (*project.fragments, *project.dynamic):
        for node in fragment.all(ast.TypeName):
            name = dotted(node.names).removeprefix("pg_catalog.")
            if name in _WRONG:
                message = f"use {_WRONG[name]} instead of {name}"
                yield Problem(fragment.source.path, fragment.line(node), message)
    for source in project.parsed:
        routines = [routine for routine in project.routines if routine.source is source]
        places = [(t.text, source.line_of(t.start)) for t in source.tokens]
        places += [(t.text, routine.line_in_body(t.start)) for routine in routines for t in routine.tokens]
        for text, line in places:
            if text.upper() in _SPELLED:
                yield Problem(
                    source.path, line, f"spell {text} as {_SPELLED[text.upper()]}, as everywhere else"
                )
