"""Checks that each object exists before a statement needs it, and that none is created twice.

An object exists for a statement if the same script has created it further up, or the script of an extension
that this one requires, by itself or by way of others.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pglast import ast, parser

from pgflow_build.catalogue import END, Catalogue, Creation, Step
from pgflow_build.extension import Extension
from pgflow_build.finding import Finding
from pgflow_build.manifest import read_text
from pgflow_build.needs import Need, needed, needed_by_text
from pgflow_build.objects import created
from pgflow_build.sources import line_of

RULE = "order"


def findings(extensions: Sequence[Extension], root: Path) -> list[Finding]:
    """Return each need of a statement, a dump line or a grant that is not met, and what is created twice."""
    return [*_Check(Catalogue(extensions), root.resolve()).run(extensions)]


class _Check:
    """The check of all scripts; ``root`` is the work tree, from which paths are given."""

    def __init__(self, catalogue: Catalogue, root: Path) -> None:
        self._catalogue = catalogue
        self._root = root

    def run(self, extensions: Sequence[Extension]) -> Iterator[Finding]:
        for earlier, later in self._catalogue.twice:
            message = f"{later.thing} is created twice, first in {self._place(earlier)}"
            yield self._finding(later.step, later.step.statement.start, message)
        for step in self._catalogue.steps:
            yield from self._statement(step)
        for extension in extensions:
            yield from self._dump(extension)
            yield from self._grants(extension)

    def _statement(self, step: Step) -> Iterator[Finding]:
        """Yield what a statement needs too early. A table may refer to itself."""
        statement = step.statement
        things = created(statement.node)
        subject = str(things[0]) if things else statement.text.splitlines()[0]
        itself = things[:1] if isinstance(statement.node, ast.CreateStmt) else ()
        schemas = {thing.schema for thing in things if thing.schema}
        for need in [
            *(Need("schema", "", schema, offset=statement.start) for schema in sorted(schemas)),
            *needed(statement.node, statement.start),
        ]:
            if not any(need.is_met_by(thing) for thing in itself):
                for trouble in self._troubles(need, step.extension, step.turn):
                    yield self._finding(step, need.offset, f"{subject} needs {need}, {trouble}")

    def _dump(self, extension: Extension) -> Iterator[Finding]:
        """Yield what is wrong with the lines that tell what a dump must hold."""
        path = extension.manifest.path
        for name, condition in extension.manifest.dump:
            try:
                needs = needed_by_text(f"SELECT FROM {name} {condition}")
            except (parser.ParseError, ValueError):
                yield self._at(
                    path, f'"{name}"', f"dump: not a relation with a WHERE clause: {name} {condition}"
                )
                continue
            for need in needs:
                for trouble in self._troubles(need, extension.name, END):
                    yield self._at(path, f'"{name}"', f"dump of {name} needs {need}, {trouble}")
            owners = {c.step.extension for need in needs[:1] for c in self._catalogue.meeting(need)}
            if owners and extension.name not in owners:
                yield self._at(path, f'"{name}"', f"dump of {name}: only its own extension may do that")

    def _grants(self, extension: Extension) -> Iterator[Finding]:
        """Yield what is wrong with the targets of grants."""
        path = extension.manifest.path.with_name("grants.toml")
        for grant in extension.grants:
            for need in needed_by_text(grant):
                for trouble in self._troubles(need, extension.name, END):
                    yield self._at(path, need.name, f"{grant} needs {need}, {trouble}")

    def _troubles(self, need: Need, extension: str, turn: float) -> Iterator[str]:
        """Yield what is wrong with a need that an extension has in a turn, if anything is."""
        if self._catalogue.exists(need, extension, turn):
            return
        found = self._catalogue.meeting(need)
        own = [creation for creation in found if creation.step.extension == extension]
        if own and own[-1].step.turn >= turn:
            yield f"which is created later, in {self._place(own[-1])}"
        elif own:
            yield f"which has been dropped again since {self._place(own[-1])}"
        elif found:
            owner, place = found[0].step.extension, self._place(found[0])
            yield f"which extension {owner} creates, in {place}; {extension} does not require that"
        elif self._catalogue.alike(need):
            others = ", ".join(str(creation.thing) for creation in self._catalogue.alike(need))
            yield f"but there is only {others}"
        else:
            yield "which nothing creates"

    def _place(self, creation: Creation) -> str:
        step = creation.step
        return f"{self._name(step.source.path)}:{step.statement.line}"

    def _finding(self, step: Step, offset: int, message: str) -> Finding:
        return Finding(self._name(step.source.path), step.source.line_of(offset), RULE, message)

    def _at(self, path: Path, words: str, message: str) -> Finding:
        """Return a finding about the first line of a manifest or a list of grants that has these words."""
        text = read_text(path)
        return Finding(self._name(path), line_of(text, max(text.find(words), 0)), RULE, message)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()
