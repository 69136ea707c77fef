"""Turns ``sql/<extension>/grants.toml`` into GRANT statements.

Each ``[[grant]]`` has ``privileges`` ("SELECT", "USAGE, SELECT"), ``on`` (one object or a list of them, each
with its kind: "TABLE async.task", "FUNCTION flow.cancel(BIGINT)") and ``to`` (a role or a list of roles). A
role must be one that every server has: CREATE EXTENSION makes none.
"""

from pathlib import Path
from typing import Any

from pglast import ast, enums, parser

from pgflow_build.manifest import SourceError, read_toml

ROLES = (
    "pg_monitor",
    "pg_read_all_settings",
    "pg_read_all_stats",
    "pg_stat_scan_tables",
    "pg_signal_backend",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
)
"""The roles that every server has, from PostgreSQL 11 on."""


def read_grants(path: Path) -> tuple[str, ...]:
    """Return the statements that a ``grants.toml`` asks for, without semicolons; none without the file."""
    if not path.exists():
        return ()
    given = read_toml(path)
    problems = (
        [f"unknown keys {', '.join(sorted(given.keys() - {'grant'}))}"] if given.keys() - {"grant"} else []
    )
    statements = []
    for number, entry in enumerate(given.get("grant", []), start=1):
        for statement, problem in _statements(entry):
            statements.append(statement)
            problems += [f"grant {number}: {problem}"] if problem else []
    if problems:
        raise SourceError("\n".join(f"{path}: {problem}" for problem in problems))
    return tuple(statements)


def _statements(entry: Any) -> list[tuple[str, str]]:
    """Return each statement of an entry with what is wrong with it, or an empty string."""
    wrong = {"privileges", "on", "to"} ^ entry.keys()
    if wrong:
        return [("", f"privileges, on and to make a grant; look at {', '.join(sorted(wrong))}")]
    roles = ", ".join(_list(entry["to"]))
    statements = [f"GRANT {entry['privileges']} ON {object} TO {roles}" for object in _list(entry["on"])]
    return [(statement, _problem(statement)) for statement in statements]


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _problem(statement: str) -> str:
    """Return what is wrong with a statement that should be one plain GRANT, or an empty string."""
    try:
        parsed = [raw.stmt for raw in parser.parse_sql(statement)]
    except parser.ParseError as error:
        return f"{error.args[0]}, in {statement}"
    if len(parsed) != 1 or not isinstance(parsed[0], ast.GrantStmt) or parsed[0].grant_option:
        return f"not one plain GRANT: {statement}"
    roles = [role.rolename for role in parsed[0].grantees or ()]
    if any(role.roletype != enums.RoleSpecType.ROLESPEC_CSTRING for role in parsed[0].grantees or ()):
        return f"nothing is granted but to named roles: {statement}"
    unknown = sorted({role for role in roles if role not in ROLES})
    return f"not every server has the role {', '.join(unknown)}" if unknown else ""
