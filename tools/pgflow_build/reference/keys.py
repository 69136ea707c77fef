"""Finds the keys of configurations: in the rules that check them, and in the columns that they set."""

import json
from collections.abc import Sequence
from typing import Any

from pglast import ast, parser

from pgflow_build.extension import Extension
from pgflow_build.lint.names import constant_text
from pgflow_build.manifest import SourceError
from pgflow_build.reference.model import Column, Key, Objects, Section
from pgflow_build.routines import routines_of

RULES = "get_configuration_rules"
"""Name of the functions that return rules, one a schema: an object of sections, each an object of keys."""
CALLS = {"async": "async.configure", "flow": "flow.configure_flow"}
"""What is given a configuration, by schema."""
TABLES = {
    "control": "async.control",
    "targets": "async.target",
    "concurrency_pools": "async.concurrency_pool",
    "flow": "flow.definition",
    "node": "flow.definition_node",
}
"""The table whose columns the keys of a section set."""
KINDS = {
    "boolean": "true or false",
    "array": "an array",
    "string": "a string",
    "integer": "an integer from {least} to {most}",
    "number": "a number from {least} to {most}",
    "duration": "an interval, or a number of seconds, of more than zero and at most 100 years",
    "delay": "an interval, or a number of seconds, of zero or more and at most 100 years",
    "identifier": 'an identifier in lower case, as in "name" or "schema.name", of at most 63 bytes each',
    "routine": 'the name of a routine, as in name, schema.name or "Schema"."Name" '
    "(lower case unless quoted), of at most 63 bytes each",
    "label": 'a name of 1 to 63 bytes without control characters, "=" or space around it',
    "secret": "a string that is not empty",
    "sqlstates": 'an array of SQLSTATEs (five digits or upper-case letters, like "40001") or classes of them '
    '(two, like "08")',
    "word": "one of {words}",
}
"""What a key of each kind takes: the words of async.describe_wanted_value()."""
EXPLAINED = ("duration", "delay", "identifier", "routine", "label", "sqlstates")
"""Kinds that the tables name, and that are explained once."""


def read_sections(extensions: Sequence[Extension], objects: Objects) -> tuple[Section, ...]:
    """Return the sections in the order of the rules; raises SourceError for keys that nothing describes."""
    columns = {(table.name, column.name): column for table in objects.tables for column in table.columns}
    sections = tuple(
        Section(CALLS[schema], name, tuple(_key(columns, name, key, rule) for key, rule in keys.items()))
        for schema, rules in _rules(extensions)
        for name, keys in rules.items()
    )
    unsaid = [f"{s.name}: {key.name}" for s in sections for key in s.keys if not key.meaning]
    if unsaid:
        raise SourceError(f'neither a column\'s comment nor "about" describes the keys {", ".join(unsaid)}')
    return sections


def takes(rule: dict[str, Any]) -> str:
    """Return what values a key takes whose rule this is."""
    words = rule["kind"] if rule["kind"] in EXPLAINED else KINDS[rule["kind"]]
    wanted = words.format(
        least=rule.get("least"), most=rule.get("most"), words=", ".join(rule.get("words", ()))
    )
    return wanted + (", or null" if rule.get("null") else "")


def _rules(extensions: Sequence[Extension]) -> list[tuple[str, dict[str, dict[str, Any]]]]:
    """Return the rules of each schema that has some."""
    routines = [routine for e in extensions for source in e.sources for routine in routines_of(source)]
    return [(r.schema or "", json.loads(_constant(r.body))) for r in routines if r.name == RULES]


def _constant(body: str) -> str:
    """Return the constant that a body selects."""
    (raw,) = parser.parse_sql(body)
    assert isinstance(raw.stmt, ast.SelectStmt)
    targets: tuple[ast.ResTarget, ...] = raw.stmt.targetList or ()
    text = constant_text(targets[0].val)
    assert text is not None
    return text


def _key(columns: dict[tuple[str, str], Column], section: str, key: str, rule: dict[str, Any]) -> Key:
    column = columns.get((TABLES[section], key))
    meaning = str(rule.get("about") or (column.meaning if column else ""))
    if "default" in rule:
        default = rule["default"] if isinstance(rule["default"], str) else json.dumps(rule["default"])
    else:
        default = _column_default(column)
    return Key(key, takes(rule), default, meaning)


def _column_default(column: Column | None) -> str:
    if column is None or column.default is None:
        return "required" if column is not None and column.is_required else "null"
    return column.default.strip("'")
