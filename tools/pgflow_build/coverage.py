"""Tells which statements of our PL/pgSQL routines the tests reach, running them on Debian's PostgreSQL 15."""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgflow_build import debian, profiles
from pgflow_build.plpgsql_check import SETTINGS
from pgflow_build.profiles import Profile
from pgflow_build.routine_index import RoutineIndex
from pgflow_build.routines import Routine
from pgflow_build.servers import Server

TESTS = ("tests/server",)
"""What is run unless tests are named."""
LEAST = 85.0
"""Percent of all statements that the tests must reach."""


@dataclass(frozen=True)
class Statement:
    """One statement of a routine: where it stands, what it is, whether it was executed."""

    line: int
    kind: str
    is_executed: bool


@dataclass(frozen=True)
class Covered:
    """A PL/pgSQL routine and all its statements."""

    name: str
    path: str
    statements: tuple[Statement, ...]

    @property
    def executed(self) -> int:
        """How many of the statements were executed."""
        return sum(statement.is_executed for statement in self.statements)


def run(root: Path, tests: Sequence[str] = TESTS, jobs: str = "2") -> int:
    """Run tests and print what they reach; return the exit status of a command.

    That is pytest's own if it is not 0, and else 1 if all tests together reach less than `LEAST`.
    tests: arguments for pytest. jobs: worker processes, as pytest's -n takes them.
    """
    with tempfile.TemporaryDirectory(prefix="pgflow-coverage-") as folder:
        options = ["-n", jobs, "--dist", "worksteal", f"--majors={debian.MAJOR}"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=root,
            env={**os.environ, profiles.FOLDER: folder},
            check=False,
        )
        reached = show(root, Path(folder))
    return done.returncode or int(tuple(tests) == TESTS and reached < LEAST)


def show(root: Path, folder: Path) -> float:
    """Print what tests have reached that wrote their counts to ``folder``; return the sum in percent."""
    profile = profiles.read(folder)
    routines = measure(root, profile)
    print("\n".join(report(routines, profile, uncalled(root, profile))))
    return percent(routines)


def measure(root: Path, profile: Profile) -> list[Covered]:
    """Return all PL/pgSQL routines of the work tree, as a server compiles them, with what was executed."""
    index = RoutineIndex(root)
    statements: dict[str, list[Statement]] = defaultdict(list)
    routines: dict[str, Routine] = {}
    with Server(debian.MAJOR, settings=SETTINGS) as server:
        server.install(root)
        with server.connect() as session:
            session.execute("CREATE EXTENSION pgflow_ui CASCADE")
        with profiles.connect(server, "postgres") as session:
            rows = session.execute(profiles.STATEMENTS).fetchall()
    for schema, name, body, number, line, kind, _ in rows:
        routine = index.find(schema, name, body)
        if routine is not None:
            key = profiles.key(schema, name, body)
            routines[key] = routine
            statements[key].append(
                Statement(index.line(routine, line), kind, number in profile.executed[key])
            )
    found = [Covered(r.full_name, index.path(r), tuple(statements[key])) for key, r in routines.items()]
    return sorted(found, key=lambda covered: (covered.path, covered.name))


def uncalled(root: Path, profile: Profile) -> list[str]:
    """Return the names of routines in language SQL that were not seen to be called."""
    return [
        routine.full_name
        for routine in RoutineIndex(root).without(set())
        if routine.language == "sql"
        and profiles.key(routine.schema or "", routine.name, routine.body) not in profile.called
    ]


def percent(routines: Sequence[Covered]) -> float:
    """Return how much of all statements was executed, in percent; 100 where there are none."""
    total = sum(len(covered.statements) for covered in routines)
    return 100.0 * sum(covered.executed for covered in routines) / total if total else 100.0


def report(routines: Sequence[Covered], profile: Profile, not_called: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the report: each routine, what was not reached, the sum."""
    yield "Statements executed:"
    for covered in routines:
        executed, total = covered.executed, len(covered.statements)
        yield f"{percent([covered]):6.1f} % {executed:4d} of {total:3d}  {covered.name:40s} {covered.path}"
    yield "\nNot reached:"
    for covered in routines:
        for statement in covered.statements:
            if not statement.is_executed:
                yield f"{covered.path}:{statement.line}: {statement.kind}"
    yield "\nFunctions in SQL have no statements to count. Not seen to be called (inlined ones never are):"
    yield "  " + (", ".join(not_called) or "none")
    if profile.lost:
        yield "\nNot counted, since they could not be asked any more:"
        yield from (f"  {reason}" for reason in profile.lost)
    executed, total = sum(c.executed for c in routines), sum(len(c.statements) for c in routines)
    yield f"\nIn total {executed} of {total} statements: {percent(routines):.1f} %"
