"""What the scripts of all extensions create and where: tells whether an object exists at some point."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pglast import ast

from pgflow_build.extension import Extension
from pgflow_build.needs import Need, dropped
from pgflow_build.objects import Thing, created
from pgflow_build.sources import SourceFile, Statement

END = float("inf")
"""The turn behind all statements."""


@dataclass(frozen=True)
class Step:
    """A statement in its place: ``turn`` counts the statements of all scripts, as they run."""

    turn: int
    source: SourceFile
    statement: Statement

    @property
    def extension(self) -> str:
        """The extension whose script the statement belongs to."""
        return self.source.extension


@dataclass
class Creation:
    """An object with the step that creates it, and the turn in which it is dropped again, if it is."""

    thing: Thing
    step: Step
    dropped: int | None = None


class Catalogue:
    """All that the scripts create, and which extensions each extension requires, directly or not."""

    def __init__(self, extensions: Sequence[Extension]) -> None:
        self.steps = _steps(extensions)
        self._required = _required(extensions)
        self._creations: dict[tuple[str, str, str], list[Creation]] = defaultdict(list)
        self.twice: list[tuple[Creation, Creation]] = []
        """Pairs of creations of the same object, the earlier one first, at most one for each statement."""
        for step in self.steps:
            self._enter(step)

    def exists(self, need: Need, extension: str, turn: float) -> bool:
        """Tell whether what is needed exists in a turn of an extension's script."""
        return any(self._stands(creation, extension, turn) for creation in self.meeting(need))

    def meeting(self, need: Need) -> list[Creation]:
        """Return every creation of what is needed, in any script and at any point."""
        return [creation for creation in self.alike(need) if need.is_met_by(creation.thing)]

    def alike(self, need: Need) -> list[Creation]:
        """Return every creation of something of the same kind and name."""
        return self._creations.get((need.kind, need.schema, need.name), [])

    def _enter(self, step: Step) -> None:
        """Take in what a step drops and creates."""
        node = step.statement.node
        for need in dropped(node) if isinstance(node, ast.DropStmt) else ():
            for creation in self.meeting(need):
                creation.dropped = step.turn if creation.dropped is None else creation.dropped
        clashes = []
        for thing in created(node):
            creation = Creation(thing, step)
            alike = self._creations[thing.kind, thing.schema, thing.name]
            clashes += [(earlier, creation) for earlier in alike if _clash(earlier, creation)]
            alike.append(creation)
        self.twice += clashes[:1]

    def _stands(self, creation: Creation, extension: str, turn: float) -> bool:
        if creation.step.extension == extension:
            return creation.step.turn < turn and (creation.dropped is None or turn <= creation.dropped)
        return creation.step.extension in self._required[extension] and creation.dropped is None


def _clash(earlier: Creation, later: Creation) -> bool:
    implied = earlier.thing.implied or later.thing.implied
    return not implied and earlier.dropped is None and earlier.thing.of == later.thing.of


def _required(extensions: Sequence[Extension]) -> dict[str, frozenset[str]]:
    """Return, for each extension, those of ours that it requires, and that they require in turn."""
    required: dict[str, frozenset[str]] = {}
    for extension in extensions:
        direct = [name for name in extension.control.requires if name in required]
        required[extension.name] = frozenset(direct).union(*(required[name] for name in direct))
    return required


def _steps(extensions: Sequence[Extension]) -> tuple[Step, ...]:
    placed = [
        (source, statement)
        for extension in extensions
        for source in extension.sources
        for statement in source.statements
    ]
    return tuple(Step(turn, source, statement) for turn, (source, statement) in enumerate(placed))
