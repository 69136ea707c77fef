"""Rules for the SQL sources: one module in ``rules`` a rule, found by itself, described in docs/rules.md.

Each module has a docstring that says what it wants, and ``check(project)`` that yields the problems.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pgflow_build.finding import Finding
from pgflow_build.lint import rules
from pgflow_build.lint.excuses import Excuse
from pgflow_build.lint.project import Problem, Project, relative
from pgflow_build.manifest import EXTENSIONS, read_text
from pgflow_build.sources import SourceFile, read_sources

Rule = Callable[[Project], Iterable[Problem]]

EXCUSES = "excuses"
"""Name of the rule about exceptions to rules."""


def all_rules() -> dict[str, Rule]:
    """Return every rule by name: that of its module."""
    names = [module.name for module in pkgutil.iter_modules(rules.__path__)]
    return {name: importlib.import_module(f"{rules.__name__}.{name}").check for name in names}


def run(root: Path) -> list[Finding]:
    """Return what all rules find under ``root``; raises SourceError if the sources cannot be read."""
    return lint(Project(root, (*read_sources(root), *read_updates(root))), all_rules())


def read_updates(root: Path) -> tuple[SourceFile, ...]:
    """Return the hand-written parts of update scripts, as sources of the kind ``updates``."""
    files = [
        (extension, path)
        for extension in EXTENSIONS
        for path in sorted((root.resolve() / "sql" / extension / "updates").glob("*.sql"))
    ]
    return tuple(
        SourceFile(path, extension, "updates", path.name, read_text(path)) for extension, path in files
    )


def lint(project: Project, chosen: dict[str, Rule]) -> list[Finding]:
    """Return what the chosen rules find, without what the sources excuse; sorted by place."""
    found = {name: list(rule(project)) for name, rule in chosen.items()}
    excuses = project.excuses
    left = [
        (n, p)
        for n, problems in found.items()
        for p in problems
        if not any(_covers(e, n, p) for e in excuses)
    ]
    if EXCUSES in chosen:
        left += [(EXCUSES, problem) for problem in _useless(excuses, found)]
    findings = (Finding(*_place(problem, project.root), name, problem.message) for name, problem in left)
    return sorted(set(findings))


def _covers(excuse: Excuse, rule: str, problem: Problem) -> bool:
    return (
        excuse.problem is None
        and excuse.rule == rule != EXCUSES
        and excuse.source.path == problem.path
        and excuse.first <= problem.line <= excuse.last
    )


def _useless(excuses: Iterable[Excuse], found: dict[str, list[Problem]]) -> Iterator[Problem]:
    """Yield exceptions to one of the chosen rules that excuse nothing."""
    for excuse in excuses:
        problems = found.get(excuse.rule)
        if problems is not None and not any(_covers(excuse, excuse.rule, problem) for problem in problems):
            message = f"excuses nothing: {excuse.rule} finds nothing here; remove it"
            yield Problem(excuse.source.path, excuse.first, message)


def _place(problem: Problem, root: Path) -> tuple[str, int]:
    seen = relative(problem, root)
    return seen.path.as_posix(), seen.line
