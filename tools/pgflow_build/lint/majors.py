"""Which of PostgreSQL's own names exist in which majors.

``python -m pgflow_build.lint.majors`` asks a server of each major and writes ``majors.json``: names
that some majors have and others lack, with the first and the last that has them. Run it when a major comes.
"""

import json
from functools import cache
from pathlib import Path
from typing import LiteralString

from pgflow_build.servers import Server

MAJORS = ("11", "12", "13", "14", "15", "16", "17", "18")
"""The majors on which the extensions install."""

DATA = Path(__file__).with_name("majors.json")

QUERIES: dict[str, LiteralString] = {
    "column": """
        SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v') AND NOT a.attisdropped
          AND (a.attnum > 0 OR a.attname = 'oid')""",
    "function": """
        SELECT DISTINCT p.proname || '/' || CASE WHEN p.provariadic <> 0 THEN '*' ELSE n::text END
        FROM pg_proc p CROSS JOIN generate_series((p.pronargs - p.pronargdefaults)::int, p.pronargs) n
        WHERE p.pronamespace = 'pg_catalog'::regnamespace""",
    "operator": "SELECT DISTINCT oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace",
    "relation": """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')""",
    "setting": "SELECT name FROM pg_settings",
    "type": """
        SELECT typname FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typrelid = 0 AND typname NOT LIKE '\\_%'""",
}
"""What is asked, by kind of name. Functions are told apart by number of arguments, ``*`` if open."""


@cache
def read() -> dict[str, dict[str, str]]:
    """Return, by kind and name, the majors that have it: ``12-`` from 12 on, ``-14`` up to 14, ``13-16``."""
    data: dict[str, dict[str, str]] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def lacking(kind: str, name: str) -> str | None:
    """Return which majors have a name of PostgreSQL's, as words, or None if all of them do or none."""
    span = read()[kind].get(name)
    if span is None:
        return None
    first, _, last = span.partition("-")
    if first and last:
        return f"only PostgreSQL {first} to {last} has it"
    return (
        f"PostgreSQL has it from {first} on" if first else f"PostgreSQL has it no more since {int(last) + 1}"
    )


def function_lacking(name: str, arguments: int) -> str | None:
    """Return which majors have a function for so many arguments, or None if all do or none."""
    return lacking("function", f"{name}/{arguments}") or lacking("function", f"{name}/*")


def differences(present: dict[str, dict[str, set[str]]]) -> dict[str, dict[str, str]]:
    """Return what ``read`` returns, from the names that each major has, by major and kind."""
    majors = list(present)
    result: dict[str, dict[str, str]] = {}
    for kind in sorted(QUERIES):
        everywhere = set.intersection(*(present[major][kind] for major in majors))
        everywhere_open = {name.removesuffix("/*") for name in everywhere if name.endswith("/*")}
        result[kind] = {}
        for name in sorted(set.union(*(present[major][kind] for major in majors)) - everywhere):
            having = [major for major in majors if name in present[major][kind]]
            if kind != "function" or name.rpartition("/")[0] not in everywhere_open:
                first = having[0] if having[0] != majors[0] else ""
                last = having[-1] if having[-1] != majors[-1] else ""
                result[kind][name] = f"{first}-{last}"
    return result


def names_of(server: Server) -> dict[str, set[str]]:
    """Return the names that a running server has, by kind."""
    with server.connect() as session:
        return {kind: {row[0] for row in session.execute(query)} for kind, query in QUERIES.items()}


def main() -> None:
    """Ask a server of each major, one after the other, and write the file."""
    present = {}
    for major in MAJORS:
        with Server(major) as server:
            present[major] = names_of(server)
    DATA.write_text(json.dumps(differences(present), indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
