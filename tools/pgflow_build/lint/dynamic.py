"""SQL that is made at run time: where it goes, and what it can come to be.

A query is text that EXECUTE runs, that is sent through dblink, or that is handed to a routine of ours which
does that with its argument. What it can come to be is followed through literals, ``format`` with ``%I`` and
``%L``, CASE, and locals; where that is not enough, the text may hold anything.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pglast import ast, enums, parser

from pgflow_build.lint.fragments import Fragment, expression_fragments
from pgflow_build.lint.names import argument_values, constant_text, function_name
from pgflow_build.plpgsql import Expression, expression_of
from pgflow_build.routines import Routine

SENDERS: Mapping[str, tuple[int, str]] = {
    "async.dblink_query": (1, "_query"),
    "async.dblink_send": (1, "_query"),
}
"""Place and name of the argument that is a query, of routines that stand in no source: made at install."""

PLACEHOLDER = "pgflow_name"
"""Stands for a name that is filled in."""

_QUERY_KEYS = {"dynexecute": "query", "dynfors": "query", "open": "dynquery", "return_query": "dynquery"}
_SPECIFIER = re.compile(r"%(?:(?P<place>\d+)\$)?-?\d*(?P<kind>[sIL%])")
_QUOTING = {"quote_ident": PLACEHOLDER, "quote_literal": "'pgflow_value'", "quote_nullable": "'pgflow_value'"}
_REGISTERED = frozenset(
    {"regclass", "regproc", "regprocedure", "regtype", "regnamespace", "regrole", "regoper"}
)


@dataclass(frozen=True)
class Query:
    """An expression whose text is run as SQL. ``how``: what runs it."""

    routine: Routine
    fragment: Fragment
    node: ast.Node
    how: str

    @property
    def line(self) -> int:
        """The line on which the expression begins."""
        return min(self.fragment.line(n) for n in (self.node, _leftmost(self.node)))


class UnsafeError(Exception):
    """The text may hold what nobody quoted; the message says why."""


@dataclass
class Follower:
    """Tells what texts an expression of a routine can come to be."""

    routine: Routine
    seen: set[str] = field(default_factory=set)

    def texts(self, node: ast.Node | None) -> list[str]:
        """Return them, with a name or a literal wherever one is filled in; raises UnsafeError."""
        constant = constant_text(node)
        if constant is not None:
            return [constant]
        if isinstance(node, ast.TypeCast):
            return self.texts(node.arg)
        if isinstance(node, ast.CaseExpr):
            results = [when.result for when in node.args or ()] + [node.defresult]
            return [text for result in results if result is not None for text in self.texts(result)]
        if (
            isinstance(node, ast.A_Expr)
            and node.kind == enums.A_Expr_Kind.AEXPR_OP
            and node.name[-1].sval == "||"
        ):
            if constant_text(node.lexpr) is None or constant_text(node.rexpr) is None:
                raise UnsafeError("joins texts with ||: use format() with %I and %L, or USING")
            return [f"{constant_text(node.lexpr)}{constant_text(node.rexpr)}"]
        if isinstance(node, ast.FuncCall) and function_name(node).removeprefix("pg_catalog.") == "format":
            return self._formatted(node)
        if isinstance(node, ast.ColumnRef) and len(node.fields or ()) == 1:
            return self._variable(str(getattr(node.fields[0], "sval", "*")))
        if isinstance(node, ast.ColumnRef):
            name = ".".join(str(getattr(part, "sval", "*")) for part in node.fields or ())
            raise UnsafeError(f"comes from {name}, which may hold anything")
        if isinstance(node, ast.FuncCall):
            raise UnsafeError(f"comes from {function_name(node)}(), which may return anything")
        raise UnsafeError("is no literal and no format() of one")

    def _formatted(self, call: ast.FuncCall) -> list[str]:
        template = constant_text(call.args[0])
        if template is None:
            raise UnsafeError("format() has a template that is no literal")
        if call.func_variadic:
            raise UnsafeError("format() has arguments that cannot be counted")
        texts = [""]
        end, following = 0, 1
        for match in _SPECIFIER.finditer(template):
            place = int(match["place"]) if match["place"] else following
            if match["kind"] != "%":
                following = place + 1
                if place >= len(call.args):
                    raise UnsafeError(f"format() lacks an argument for {match[0]}")
            fillings = self._fillings(match["kind"], call.args[place] if place < len(call.args) else None)
            texts = [text + template[end : match.start()] + filling for text in texts for filling in fillings]
            end = match.end()
        return [text + template[end:] for text in texts]

    def _fillings(self, kind: str, argument: ast.Node | None) -> list[str]:
        if kind == "s":
            try:
                return self._piece(argument)
            except UnsafeError as reason:
                hint = "use %I or %L, or cast it to REGPROC, REGCLASS and so on"
                raise UnsafeError(f"format() puts a value in by %s, and that {reason}: {hint}") from None
        return {"%": ["%"], "I": [PLACEHOLDER], "L": ["'pgflow_value'"]}[kind]

    def _piece(self, node: ast.Node | None) -> list[str]:
        """Return what may stand for %s: also what a quoting function returns, and names of objects."""
        if isinstance(node, ast.FuncCall):
            quoted = _QUOTING.get(function_name(node).removeprefix("pg_catalog."))
            if quoted:
                return [quoted]
        if isinstance(node, ast.TypeCast):
            inner = node.arg if isinstance(node.arg, ast.TypeCast) else node
            if inner.typeName.names[-1].sval in _REGISTERED:
                return [PLACEHOLDER]
        return self.texts(node)

    def _variable(self, name: str) -> list[str]:
        if any(argument.name == name for argument in self.routine.arguments if argument.is_input):
            raise UnsafeError(f"comes from argument {name}, which may hold anything")
        if name in self.seen or self.routine.language != "plpgsql":
            raise UnsafeError(f"comes from {name}, which may hold anything")
        self.seen.add(name)
        values = list(self._assigned(name))
        if not values:
            raise UnsafeError(f"comes from {name}, which may hold anything")
        return [text for value in values for text in self._piece(value)]

    def _assigned(self, name: str) -> Iterator[ast.Node]:
        """Yield every expression that a local gets; raises UnsafeError if a query or loop sets it."""
        block = self.routine.block
        expressions = [v.default for v in block.variables if v.name == name and v.default]
        for statement in block.statements:
            if statement.kind == "assign" and block.names.get(statement.data["varno"]) == name:
                assigned = expression_of(statement.data, "expr", statement.line)
                expressions += [assigned] if assigned else []
            elif name in _targets(statement.data):
                raise UnsafeError(f"comes from {name}, which a query or a loop sets")
        for expression in expressions:
            yield _value_of(next(expression_fragments(self.routine, expression)))


def queries(routines: Iterable[Routine], bodies: Mapping[int, tuple[Fragment, ...]]) -> list[Query]:
    """Return every query that a routine runs, sends or hands on."""
    found = [query for routine in routines for query in _executed(routine, bodies[id(routine)])]
    takers = dict(SENDERS)
    known = 0
    while known != len(takers):
        known = len(takers)
        sent = [query for r in routines for fragment in bodies[id(r)] for query in _sent(r, fragment, takers)]
        for query in (*found, *sent):
            place = argument_place(query)
            if place is not None:
                takers.setdefault(query.routine.full_name, place)
    return found + sent


def argument_place(query: Query) -> tuple[int, str] | None:
    """Return place and name of the argument of its routine that the query is, None if it is none."""
    node = query.node
    if isinstance(node, ast.ColumnRef) and len(node.fields or ()) == 1:
        inputs = [argument for argument in query.routine.arguments if argument.is_input]
        for place, argument in enumerate(inputs):
            if argument.name == getattr(node.fields[0], "sval", None):
                return place, argument.name or ""
    return None


def texts_of(query: Query) -> list[str]:
    """Return what the query can come to be, or raise UnsafeError; none for an argument: callers answer."""
    return [] if argument_place(query) else Follower(query.routine).texts(query.node)


def dynamic_fragments(query: Query) -> Iterator[Fragment]:
    """Yield the statements that a query can come to be; none where that is not known or does not parse."""
    try:
        for text in dict.fromkeys(texts_of(query)):
            for raw in parser.parse_sql(text):
                yield from _made(query, raw.stmt, query.how)
    except (UnsafeError, parser.ParseError):
        return


def _made(query: Query, statement: ast.Node | None, how: str) -> Iterator[Fragment]:
    """Yield a statement, and if it creates a routine in SQL, those of its body."""
    assert statement is not None
    yield Fragment(query.routine.source, query.routine, statement, None, query.line, made_by=how)
    if isinstance(statement, ast.CreateFunctionStmt):
        options = {option.defname: option.arg for option in statement.options or ()}
        is_pinned = any(o.defname == "set" and o.arg.name == "search_path" for o in statement.options or ())
        if "as" in options and options["language"].sval == "sql":
            for raw in parser.parse_sql(options["as"][0].sval):
                yield from _made(query, raw.stmt, how if is_pinned else "CREATE")


def _executed(routine: Routine, body: tuple[Fragment, ...]) -> Iterator[Query]:
    if routine.language == "plpgsql":
        for statement in routine.block.statements:
            key = _QUERY_KEYS.get(statement.kind, "")
            expression: Expression | None = expression_of(statement.data, key, statement.line)
            if expression:
                fragment = next(part for part in body if part.expression == expression)
                yield Query(routine, fragment, _value_of(fragment), "EXECUTE")


def _sent(routine: Routine, fragment: Fragment, takers: Mapping[str, tuple[int, str]]) -> Iterator[Query]:
    for call in fragment.all(ast.FuncCall):
        taker = takers.get(function_name(call))
        if taker:
            values = argument_values(call)
            node = values.get(taker[0], values.get(taker[1]))
            if node is not None:
                yield Query(routine, fragment, node, f"{function_name(call)}()")


def _value_of(fragment: Fragment) -> ast.Node:
    """Return the expression that stands in the SELECT of a fragment."""
    assert isinstance(fragment.node, ast.SelectStmt)
    assert fragment.node.targetList
    value = fragment.node.targetList[0].val
    assert isinstance(value, ast.Node)
    return value


def _targets(data: object) -> set[str]:
    """Return the names of the variables that a statement sets by INTO, or a loop goes through."""
    if not isinstance(data, dict):
        return set()
    names = set()
    for key in ("target", "var"):
        for kind, fields in (data.get(key) or {}).items():
            names |= (
                {f["name"] for f in fields.get("fields", ())}
                if kind == "PLpgSQL_row"
                else {fields["refname"]}
            )
    return names


def _leftmost(node: ast.Node) -> ast.Node:
    while isinstance(node, ast.A_Expr) and node.lexpr is not None:
        node = node.lexpr
    return node
