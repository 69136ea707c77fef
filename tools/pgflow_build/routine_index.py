"""Finds the source of a routine that a server or a generated script has."""

from pathlib import Path

from pgflow_build.routines import Routine, routines_of
from pgflow_build.sources import read_sources


class RoutineIndex:
    """The routines of a work tree by name and body; raises SourceError where a source cannot be read."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        routines = [routine for source in read_sources(root) for routine in routines_of(source)]
        self._routines = {(r.schema, r.name, r.body): r for r in routines}

    def without(self, seen: set[tuple[str, str, str]]) -> list[Routine]:
        """Return the routines of which ``seen`` does not have (schema, name, body)."""
        return [routine for key, routine in self._routines.items() if key not in seen]

    def find(self, schema: str, name: str, body: str) -> Routine | None:
        """Return the routine; None where no source has it, as for one that another routine makes."""
        return self._routines.get((schema, name, body))

    def path(self, routine: Routine) -> str:
        """Return the routine's file, relative to the work tree."""
        return routine.source.path.relative_to(self._root).as_posix()

    def line(self, routine: Routine, line: int) -> int:
        """Return the line of the file, given one that counts from that of the body's opening quotes."""
        return routine.line_in_body(0) + line - 1
