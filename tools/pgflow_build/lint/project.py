"""What the rules look at: sources, the routines and pieces of SQL in them, the objects that they create."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pglast import ast
from pglast.parser import ParseError

from pgflow_build.lint.dynamic import Query, dynamic_fragments, queries
from pgflow_build.lint.excuses import Excuse, excuses_of
from pgflow_build.lint.fragments import Fragment, body_fragments, statement_fragments
from pgflow_build.lint.names import dotted
from pgflow_build.routines import Routine, routines_of
from pgflow_build.sources import SourceError, SourceFile


@dataclass(frozen=True)
class Problem:
    """What a rule found, and where; ``line`` 0: the file as a whole."""

    path: Path
    line: int
    message: str


@dataclass(frozen=True)
class Created:
    """An object that a source creates: ``kind`` as in COMMENT ON, ``name`` as it is written."""

    source: SourceFile
    node: ast.Node
    kind: str
    name: str
    line: int


@dataclass(frozen=True)
class Project:
    """The sources under ``root``. What does not parse is in ``broken`` and nowhere else."""

    root: Path
    sources: tuple[SourceFile, ...]

    @cached_property
    def parsed(self) -> tuple[SourceFile, ...]:
        """The sources that PostgreSQL's grammar takes."""
        return tuple(source for source in self.sources if _syntax_problem(source) is None)

    @cached_property
    def broken(self) -> tuple[Problem, ...]:
        """Files that PostgreSQL's grammar refuses, and routines whose body is refused."""
        files = (problem for source in self.sources if (problem := _syntax_problem(source)))
        return (*files, *(found for _, found in self._read_bodies if isinstance(found, Problem)))

    @cached_property
    def routines(self) -> tuple[Routine, ...]:
        """All routines whose bodies parse."""
        return tuple(routine for routine, found in self._read_bodies if not isinstance(found, Problem))

    @cached_property
    def bodies(self) -> dict[int, tuple[Fragment, ...]]:
        """The SQL in the bodies, by ``id()`` of the routine."""
        return {id(routine): found for routine, found in self._read_bodies if not isinstance(found, Problem)}

    @cached_property
    def fragments(self) -> tuple[Fragment, ...]:
        """All SQL that is written out: statements of the files, and what is in the bodies."""
        statements = (fragment for source in self.parsed for fragment in statement_fragments(source))
        return (*statements, *(fragment for group in self.bodies.values() for fragment in group))

    @cached_property
    def excuses(self) -> tuple[Excuse, ...]:
        """The exceptions to rules that the sources state."""
        return tuple(excuse for source in self.parsed for excuse in excuses_of(source))

    @cached_property
    def _read_bodies(self) -> list[tuple[Routine, tuple[Fragment, ...] | Problem]]:
        """Each routine with the SQL in its body, or with what is wrong with that."""
        return [(routine, _read_body(routine)) for source in self.parsed for routine in routines_of(source)]

    @cached_property
    def queries(self) -> tuple[Query, ...]:
        """The SQL that routines make at run time, as expressions."""
        return tuple(queries(self.routines, self.bodies))

    @cached_property
    def dynamic(self) -> tuple[Fragment, ...]:
        """What that SQL can come to be, where that is known."""
        return tuple(fragment for query in self.queries for fragment in dynamic_fragments(query))

    def dynamic_of(self, routine: Routine) -> list[Fragment]:
        """Return what is known of the SQL that one routine makes at run time."""
        return [fragment for fragment in self.dynamic if fragment.routine is routine]

    @cached_property
    def created(self) -> tuple[Created, ...]:
        """The objects that the sources create, indexes apart."""
        return tuple(object_ for source in self.parsed for object_ in created_by(source))

    @cached_property
    def schemas(self) -> frozenset[str]:
        """The schemas in which the sources create something."""
        named = {object_.name.split(".")[0] for object_ in self.created if "." in object_.name}
        return frozenset(named - {"pg_temp"})

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Names of the columns of each table and composite type, by its full name."""
        columns: dict[str, tuple[str, ...]] = {}
        for object_ in self.created:
            elements = (
                getattr(object_.node, "tableElts", None) or getattr(object_.node, "coldeflist", None) or ()
            )
            own = [e.colname for e in elements if isinstance(e, ast.ColumnDef)]
            liked = [qualified(e.relation) for e in elements if isinstance(e, ast.TableLikeClause)]
            columns[object_.name] = (*(c for name in liked for c in columns.get(name, ())), *own)
        return columns

    def named(self, *kinds: str) -> frozenset[str]:
        """Return the full names of the created objects of these kinds."""
        return frozenset(object_.name for object_ in self.created if object_.kind in kinds)


def created_by(source: SourceFile) -> Iterator[Created]:
    """Yield the objects that a file creates."""
    for statement in source.statements:
        for kind, name in _objects(statement.node):
            yield Created(source, statement.node, kind, name, statement.line)


def qualified(relation: ast.RangeVar) -> str:
    """Return the name of a relation with the schema that is written before it."""
    return f"{relation.schemaname}.{relation.relname}" if relation.schemaname else str(relation.relname)


def relative(problem: Problem, root: Path) -> Problem:
    """Return the problem with its path as seen from ``root``, where it is below that."""
    root = root.resolve()
    path = problem.path.relative_to(root) if problem.path.is_relative_to(root) else problem.path
    return dataclasses.replace(problem, path=path)


def _objects(node: ast.Node) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.CreateFunctionStmt):
        yield "PROCEDURE" if node.is_procedure else "FUNCTION", dotted(node.funcname)
    elif isinstance(node, ast.CreateSchemaStmt):
        yield "SCHEMA", str(node.schemaname)
    elif isinstance(node, ast.CreateStmt):
        yield "TABLE", qualified(node.relation)
    elif isinstance(node, ast.CreateTableAsStmt):
        yield "TABLE", qualified(node.into.rel)
    elif isinstance(node, ast.ViewStmt):
        yield "VIEW", qualified(node.view)
    elif isinstance(node, ast.CreateSeqStmt):
        yield "SEQUENCE", qualified(node.sequence)
    elif isinstance(node, ast.CompositeTypeStmt):
        yield "TYPE", qualified(node.typevar)
    elif isinstance(node, ast.CreateEnumStmt | ast.CreateRangeStmt):
        yield "TYPE", dotted(node.typeName)
    elif isinstance(node, ast.CreateDomainStmt):
        yield "DOMAIN", dotted(node.domainname)
    elif isinstance(node, ast.CreateTrigStmt):
        yield "TRIGGER", f"{node.trigname} ON {qualified(node.relation)}"


def _syntax_problem(source: SourceFile) -> Problem | None:
    try:
        _ = source.statements
    except SourceError as error:
        line, _, message = str(error).removeprefix(f"{source.path}:").partition(": ")
        return Problem(source.path, int(line) if line.isdigit() else 0, message)
    return None


def _read_body(routine: Routine) -> tuple[Fragment, ...] | Problem:
    try:
        _ = routine.tokens
        return tuple(body_fragments(routine))
    except SourceError as error:
        message = str(error).partition(": ")[2]
    except ParseError as error:
        message = f"{routine.full_name}: body is not SQL: {error.args[0]}"
    return Problem(routine.source.path, routine.line, message)
