"""Writes the reference as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from pgflow_build.reference.keys import EXPLAINED, KINDS
from pgflow_build.reference.model import Argument, Objects, Relation, Routine, Section

_Named = TypeVar("_Named", Routine, Relation)

WIDTH = 110
"""Longest line of a signature."""
SCHEMAS = {"flow": "Flows", "async": "Task engine"}
"""Schemas in the order in which the reference has them, and what they are for."""
RELATIONS = {"view": "Views", "type": "Types", "domain": "Types", "table": "Tables"}
HEAD = """\
# Reference

<!-- Written by `make build` from the comments in sql/. Do not edit. -->

Every function, procedure, view, type and configuration key. The [guide](guide.md) says how they go together,
[errors.md](errors.md) what the SQLSTATEs mean. *Where*: *both* is in every database that does work, *server*
in the server's only. What is not here is the engine's own, and may change: its COMMENT begins with "Engine:".
"""
KEYS_HEAD = """\
A key that is not given keeps its value (`async.configure`), or has its default (`flow.configure_flow`, where
null stands for the default, too).
"""


def render(objects: Objects, sections: Sequence[Section]) -> str:
    """Return the page."""
    parts = (_index(objects), _routines(objects), _relations(objects), _sections(sections))
    return "\n".join([HEAD, *(piece for part in parts for piece in part)])


def _index(objects: Objects) -> Iterator[str]:
    for schema, title in SCHEMAS.items():
        yield f"**{title}**, schema `{schema}`:\n"
        yield from _table(
            ("call", "where", "what it does"),
            (
                (f"[{r.name}](#{_anchor(r)})", where(r.extension), r.summary)
                for r in _of(objects.routines, schema)
            ),
        )
    titles = [*dict.fromkeys(RELATIONS.values()), "Configuration"]
    yield f"Then: {', '.join(f'[{title.lower()}](#{title.lower()})' for title in titles)}.\n"


def where(extension: str) -> str:
    """Return on which databases an extension is."""
    return "server" if extension.endswith(("_server", "_ui")) else "both"


def _routines(objects: Objects) -> Iterator[str]:
    for schema, title in SCHEMAS.items():
        yield f"## {title}: calls\n"
        for routine in _of(objects.routines, schema):
            yield f"### {routine.name}\n"
            yield f"```\n{signature(routine)}\n```\n"
            for paragraph in routine.text:
                yield f"{paragraph}\n"
            if routine.arguments:
                explained = (a for a in routine.arguments if a.meaning)
                yield from _table(("argument", "meaning"), ((f"`{a.name}`", a.meaning) for a in explained))
            for note in routine.notes:
                yield f"{note}\n"


def signature(routine: Routine) -> str:
    """Return how a routine is called: names, types and defaults of its arguments, and what it returns."""
    inputs = [_declared(a) for a in routine.arguments if not a.is_output]
    outputs = [_declared(a) for a in routine.arguments if a.is_output]
    call = "CALL " if routine.kind == "procedure" else ""
    returns = routine.returns
    if len(outputs) > 1:
        returns = returns.replace("RECORD", f"({', '.join(outputs)})") or f"({', '.join(outputs)})"
    ending = f" → {returns}" if returns and returns != "VOID" else ""
    line = f"{call}{routine.name}({', '.join(inputs)}){ending}"
    if len(line) <= WIDTH:
        return line
    return f"{call}{routine.name}(\n  " + ",\n  ".join(inputs) + f"){ending}"


def _declared(argument: Argument) -> str:
    default = f" = {argument.default}" if argument.default is not None else ""
    return f"{argument.name} {argument.type}{default}"


def _anchor(routine: Routine) -> str:
    return routine.name.replace(".", "")


def _relations(objects: Objects) -> Iterator[str]:
    for title in dict.fromkeys(RELATIONS.values()):
        yield f"## {title}\n"
        for schema in SCHEMAS:
            for relation in _of(objects.relations, schema):
                if RELATIONS[relation.kind] == title:
                    yield from _relation(relation)


def _relation(relation: Relation) -> Iterator[str]:
    yield f"### {relation.name}\n"
    yield f"{relation.summary}. Where: {where(relation.extension)}.\n"
    if relation.kind == "view":
        yield from _table(("column", "meaning"), ((f"`{c.name}`", c.meaning) for c in relation.columns))
    elif relation.columns:
        rows = ((f"`{c.name}`", c.type or "", c.meaning) for c in relation.columns)
        yield from _table(("column", "type", "meaning"), rows)


def _sections(sections: Sequence[Section]) -> Iterator[str]:
    yield "## Configuration\n"
    yield KEYS_HEAD
    yield from _table(("takes", "which is"), ((kind, KINDS[kind]) for kind in EXPLAINED))
    for section in sections:
        yield f"### {section.call}: {section.name}\n"
        rows = ((f"`{k.name}`", k.takes, k.default, k.meaning) for k in section.keys)
        yield from _table(("key", "takes", "default", "meaning"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    yield "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _of(things: Iterable[_Named], schema: str) -> list[_Named]:
    """Return the things of a schema, by name."""
    return sorted((t for t in things if t.name.startswith(f"{schema}.")), key=lambda thing: thing.name)
