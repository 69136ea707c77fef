"""A header names the tables that the body itself writes, behind ``Writes``, and says what it locks."""

import re
from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.dynamic import PLACEHOLDER
from pgflow_build.lint.fragments import Fragment
from pgflow_build.lint.names import function_name
from pgflow_build.lint.project import Problem, Project, qualified
from pgflow_build.routines import Routine

_WRITES = re.compile(r"\b[Ww]rites\b")
_SENTENCE = re.compile(r"\b[Ww]rites\b(.*?)(?:\.(?=\s|$)|;|$)")
_TABLE = re.compile(r"(?<![\w.])[a-z_0-9]+\.[a-z_0-9]+")
_LOCKS = re.compile(r"\b[Ll]ock(s|ed|ing)?\b")


def written(fragment: Fragment) -> Iterator[tuple[ast.RangeVar, str]]:
    """Yield the relations that a statement inserts into, updates, deletes from or truncates."""
    for node in fragment.nodes:
        if isinstance(node, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt):
            yield node.relation, qualified(node.relation)
    for truncation in fragment.all(ast.TruncateStmt):
        for relation in truncation.relations or ():
            yield relation, qualified(relation)


def locked(fragment: Fragment) -> Iterator[tuple[ast.Node, str]]:
    """Yield the relations that a statement locks by LOCK TABLE, and the clauses that lock rows."""
    for node in fragment.all(ast.LockStmt):
        for relation in node.relations or ():
            yield relation, qualified(relation)
    for clause in fragment.all(ast.LockingClause):
        yield clause, "rows"


def check(project: Project) -> Iterator[Problem]:
    """Yield writes and locks that the header does not tell, and writes that it tells of in vain."""
    reached = _Reached(project)
    for routine in project.routines:
        if routine.header is not None:
            words = routine.header.words
            for fragment in (*project.bodies[id(routine)], *project.dynamic_of(routine)):
                yield from _missing(fragment, routine, words)
            for name in _promised(words, project.named("TABLE")):
                if not reached.writes(routine.full_name, name):
                    message = (
                        f"{routine.full_name} says that it writes {name}; neither it nor what it calls does"
                    )
                    yield Problem(routine.source.path, routine.header.line, message)


def _missing(fragment: Fragment, routine: Routine, words: str) -> Iterator[Problem]:
    for relation, name in written(fragment):
        if not _is_named(name, words) or not _WRITES.search(words):
            message = f"the header of {routine.full_name} says: Writes {name}"
            yield Problem(routine.source.path, fragment.line(relation), message)
    for place, name in locked(fragment):
        if not _LOCKS.search(words) or (name != "rows" and not _is_named(name, words)):
            message = f"the header of {routine.full_name} says that it locks {name}"
            yield Problem(routine.source.path, fragment.line(place), message)


def _is_named(name: str, words: str) -> bool:
    return PLACEHOLDER in name or re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", words) is not None


def _promised(words: str, tables: frozenset[str]) -> list[str]:
    """Return the tables that a header names in a sentence behind ``Writes``."""
    named = [name for sentence in _SENTENCE.findall(words) for name in _TABLE.findall(sentence)]
    return [name for name in dict.fromkeys(named) if name in tables]


class _Reached:
    """What routines write, by themselves and by what they call; anything where a query is not known."""

    def __init__(self, project: Project) -> None:
        self._writes: dict[str, set[str]] = {}
        self._calls: dict[str, set[str]] = {}
        known = {fragment.line() for fragment in project.dynamic}
        for routine in project.routines:
            fragments = (*project.bodies[id(routine)], *project.dynamic_of(routine))
            writes = self._writes.setdefault(routine.full_name, set())
            calls = self._calls.setdefault(routine.full_name, set())
            writes |= {name for fragment in fragments for _, name in written(fragment)}
            calls |= {function_name(call) for fragment in fragments for call in fragment.all(ast.FuncCall)}
        for query in project.queries:
            if query.how == "EXECUTE" and query.line not in known:
                self._writes[query.routine.full_name].add(PLACEHOLDER)

    def writes(self, routine: str, table: str) -> bool:
        """Whether the routine, or one that it calls, writes the table or may write anything."""
        seen, waiting = {routine}, [routine]
        while waiting:
            name = waiting.pop()
            if any(written == table or PLACEHOLDER in written for written in self._writes.get(name, ())):
                return True
            waiting += (new := self._calls.get(name, set()) - seen)
            seen |= new
        return False
