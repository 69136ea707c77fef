"""Pieces of SQL, wherever they stand: in a file, in a body, as an expression, or made at run time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pglast import ast, parser

from pgflow_build.plpgsql import Expression
from pgflow_build.routines import Routine
from pgflow_build.sources import SourceFile

_N = TypeVar("_N", bound=ast.Node)
_SELECT = "SELECT "
_CAST = "SELECT NULL::"


@dataclass(frozen=True)
class Fragment:
    """A parsed piece of SQL.

    node: a statement; what is an expression or a type in the source stands in a SELECT here.
    start: offset in the file at which location 0 of the node would be, None where only the line is known.
    first_line: the line on which it begins.
    made_by: what runs it, of a statement that is made at run time: EXECUTE, the routine that sends it, or
        CREATE for the body of a routine that is made so, without a search_path of its own.
    is_target: it is what is assigned to.
    expression: what it is in a PL/pgSQL body, if that.
    """

    source: SourceFile
    routine: Routine | None
    node: ast.Node
    start: int | None
    first_line: int
    made_by: str | None = None
    is_target: bool = False
    expression: Expression | None = None

    @cached_property
    def nodes(self) -> tuple[ast.Node, ...]:
        """Every node in it, outer ones first."""
        return tuple(walk(self.node))

    def all(self, *kinds: type[_N]) -> Iterator[_N]:
        """Yield the nodes in it of these kinds, outer ones first."""
        return (node for node in self.nodes if isinstance(node, kinds))

    def line(self, node: ast.Node | None = None) -> int:
        """Return the line of the file in which ``node``, one of its nodes, stands."""
        location = getattr(node, "location", None)
        if self.start is None or location is None or location < 0:
            return self.first_line
        return max(self.first_line, self.source.line_of(self.start + location))


def walk(node: object) -> Iterator[ast.Node]:
    """Yield a node and all below it, outer ones first."""
    if isinstance(node, ast.Node):
        yield node
        for name in node:
            yield from walk(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from walk(item)


def statement_fragments(source: SourceFile) -> Iterator[Fragment]:
    """Yield the statements of a file."""
    for statement in source.statements:
        yield Fragment(source, None, statement.node, 0, statement.line)


def body_fragments(routine: Routine) -> Iterator[Fragment]:
    """Yield what is in the body of a routine; raises pglast's ParseError where it is not SQL."""
    if routine.language == "sql":
        for raw in parser.parse_sql(routine.body):
            assert raw.stmt is not None
            skipped = len(routine.body[raw.stmt_location :]) - len(routine.body[raw.stmt_location :].lstrip())
            line = routine.line_in_body(_first_word(routine, raw.stmt_location + skipped))
            yield Fragment(routine.source, routine, raw.stmt, routine.body_start, line)
    elif routine.language == "plpgsql":
        for expression in routine.block.expressions:
            yield from expression_fragments(routine, expression)
        for variable in routine.block.variables:
            if variable.type:
                line = routine.line_in_body(0) + variable.line - 1
                yield Fragment(routine.source, routine, _parse(_CAST + _type_name(variable.type)), None, line)


def expression_fragments(routine: Routine, expression: Expression) -> Iterator[Fragment]:
    """Yield an expression of a PL/pgSQL body; of an assignment, its value and then its target."""
    place = _find(routine, expression)
    first_line = (
        routine.line_in_body(0) + expression.line - 1 if place is None else routine.line_in_body(place)
    )
    start = None if place is None else routine.body_start + place
    text = expression.text
    if expression.mode == 0:
        yield Fragment(routine.source, routine, _parse(text), start, first_line, expression=expression)
        return
    at = _end_of_target(text) if expression.mode >= 3 else 0
    value = None if start is None else start + at - len(_SELECT)
    node = _parse(_SELECT + text[at:])
    yield Fragment(routine.source, routine, node, value, first_line, expression=expression)
    if at:
        target = _parse(_SELECT + text[:at].rstrip(" :="))
        begin = None if start is None else start - len(_SELECT)
        yield Fragment(routine.source, routine, target, begin, first_line, is_target=True)


def _parse(text: str) -> ast.Node:
    statement = parser.parse_sql(text)[0].stmt
    assert isinstance(statement, ast.Node)
    return statement


def _type_name(declared: str) -> str:
    """Return the type of a variable; where it is that of a column or a row, the table."""
    name, mark, kind = declared.partition("%")
    is_column = mark and kind.strip().upper() == "TYPE"
    return name.rpartition(".")[0] or name if is_column else name


def _first_word(routine: Routine, offset: int) -> int:
    return next((token.start for token in routine.words if token.start >= offset), offset)


def _end_of_target(text: str) -> int:
    """Return the offset behind the ``:=`` or ``=`` of an assignment."""
    depth = 0
    for token in parser.scan(text):
        word = text[token.start : token.end + 1]
        depth += word.count("[") - word.count("]")
        if depth == 0 and word in (":=", "="):
            return int(token.end) + 1
    return 0


def _find(routine: Routine, expression: Expression) -> int | None:
    """Return the offset in the body at which the text of an expression stands, None if it is not there."""
    lines = routine.body.splitlines(keepends=True)
    begin = sum(len(line) for line in lines[: expression.line - 1])
    place = routine.body.find(expression.text, begin)
    if place < 0:  # an INTO clause has been blanked out
        place = routine.body.find(expression.text.split("    ")[0].rstrip(), begin)
    return place if place >= 0 else None
