"""The objects that a statement creates."""

from collections.abc import Iterator
from dataclasses import dataclass

from pglast import ast, enums

MAX_NAME = 63
"""Longest name that PostgreSQL keeps, in bytes."""

_SERIAL = frozenset({"smallserial", "serial", "bigserial", "serial2", "serial4", "serial8"})
_OUTPUT = (
    enums.FunctionParameterMode.FUNC_PARAM_OUT,
    enums.FunctionParameterMode.FUNC_PARAM_TABLE,
)


@dataclass(frozen=True)
class Signature:
    """How a routine may be called: its input arguments, and how many of them have defaults."""

    names: tuple[str, ...]
    defaults: int
    variadic: bool

    def takes(self, positional: int, named: frozenset[str]) -> bool:
        """Tell whether a call with so many positional arguments and these named ones fits."""
        if self.variadic and not named:
            return positional >= len(self.names) - 1 - self.defaults
        rest = self.names[positional:]
        must = self.names[positional : max(positional, len(self.names) - self.defaults)]
        return positional <= len(self.names) and named <= set(rest) and set(must) <= named


@dataclass(frozen=True)
class Thing:
    """An object of a database.

    ``kind`` is the name space that it shares: ``schema``, ``relation`` (tables, views, sequences, indexes,
    composite types), ``type`` (row types too), ``routine``, ``trigger``, ``constraint``, …. ``of`` tells
    those of one name apart: the types of a routine's input arguments, the table of a trigger. ``implied``:
    PostgreSQL makes the name up, and would choose another if this one were taken.
    """

    kind: str
    schema: str
    name: str
    of: str = ""
    signature: Signature | None = None
    implied: bool = False

    def __str__(self) -> str:
        """Return kind and name, as in a message."""
        return describe(self.kind, self.schema, self.name, self.of)


def describe(kind: str, schema: str, name: str, of: str | None) -> str:
    """Return an object's kind and name, as in a message."""
    if kind == "schema":
        return f"schema {name}"
    if kind == "routine":
        return f"routine {schema}.{name}" + (f"({of})" if of is not None else "")
    if kind in ("relation", "type"):
        return f"{kind} {schema}.{name}"
    return f"{kind} {name} on {schema}.{of}"


def created(node: ast.Node) -> tuple[Thing, ...]:
    """Return what a statement creates, the object that it names first."""
    return tuple(_created(node))


def type_text(name: ast.TypeName) -> str:
    """Return a type's name in the form in which two names of one type are equal, its modifiers left out."""
    parts = [str(part.sval) for part in name.names or ()]
    own = parts[1:] if parts[0] == "pg_catalog" else parts
    return ".".join(own) + ("%type" if name.pct_type else "") + "[]" * bool(name.arrayBounds)


def _created(node: ast.Node) -> Iterator[Thing]:
    match node:
        case ast.CreateSchemaStmt():
            yield Thing("schema", "", node.schemaname)
        case ast.CreateStmt():
            yield from _table(node)
        case ast.ViewStmt():
            yield from _relation(node.view)
        case ast.CreateTableAsStmt():
            yield from _relation(node.into.rel)
        case ast.CompositeTypeStmt():
            yield from _relation(node.typevar)
        case ast.CreateSeqStmt():
            yield _thing("relation", node.sequence)
        case ast.IndexStmt() if node.idxname:
            yield Thing("relation", node.relation.schemaname or "", node.idxname)
        case ast.CreateDomainStmt():
            yield from _domain(node)
        case ast.CreateEnumStmt() | ast.CreateRangeStmt():
            yield _named("type", node.typeName)
        case ast.CreateFunctionStmt():
            yield _routine(node.funcname, node.parameters or ())
        case ast.DefineStmt():
            yield from _defined(node)
        case ast.CreateTrigStmt():
            yield _on("trigger", node.relation, node.trigname)
        case ast.RuleStmt():
            yield _on("rule", node.relation, node.rulename)
        case ast.CreatePolicyStmt():
            yield _on("policy", node.table, node.policy_name)
        case ast.AlterTableStmt():
            yield from _added(node)


def _relation(relation: ast.RangeVar) -> Iterator[Thing]:
    """Yield a relation that has rows, and their type."""
    yield _thing("relation", relation)
    yield _thing("type", relation)


def _table(node: ast.CreateStmt) -> Iterator[Thing]:
    table = node.relation
    yield from _relation(table)
    for element in node.tableElts or ():
        if isinstance(element, ast.ColumnDef):
            yield from _of_column(table, element)
        elif isinstance(element, ast.Constraint):
            yield from _constraint(table, element)


def _of_column(table: ast.RangeVar, column: ast.ColumnDef) -> Iterator[Thing]:
    """Yield the sequence of a column that numbers itself, and the column's named constraints."""
    constraints = column.constraints or ()
    identity = any(item.contype == enums.ConstrType.CONSTR_IDENTITY for item in constraints)
    if identity or column.typeName.names[-1].sval in _SERIAL:
        name = _joined(table.relname, column.colname, "seq")
        yield Thing("relation", table.schemaname or "", name, implied=True)
    for constraint in constraints:
        yield from _constraint(table, constraint)


def _constraint(table: ast.RangeVar, constraint: ast.Constraint) -> Iterator[Thing]:
    """Yield a constraint that has a name, and the index that comes with a key."""
    key = constraint.contype == enums.ConstrType.CONSTR_PRIMARY
    name = constraint.conname or (_joined(table.relname, "", "pkey") if key else None)
    if name is None:
        return
    yield _on("constraint", table, name)
    if key or constraint.contype in (enums.ConstrType.CONSTR_UNIQUE, enums.ConstrType.CONSTR_EXCLUSION):
        yield Thing("relation", table.schemaname or "", name, implied=True)


def _added(node: ast.AlterTableStmt) -> Iterator[Thing]:
    for command in node.cmds:
        if isinstance(command.def_, ast.ColumnDef):
            yield from _of_column(node.relation, command.def_)
        elif isinstance(command.def_, ast.Constraint):
            yield from _constraint(node.relation, command.def_)


def _domain(node: ast.CreateDomainStmt) -> Iterator[Thing]:
    domain = _named("type", node.domainname)
    yield domain
    for constraint in node.constraints or ():
        if constraint.conname:
            yield Thing("domain constraint", domain.schema, constraint.conname, domain.name)


def _defined(node: ast.DefineStmt) -> Iterator[Thing]:
    if node.kind == enums.ObjectType.OBJECT_AGGREGATE:
        yield _routine(node.defnames, (node.args or ((),))[0] or ())
    elif node.kind == enums.ObjectType.OBJECT_TYPE:
        yield _named("type", node.defnames)


def _routine(names: tuple[ast.String, ...], parameters: tuple[ast.FunctionParameter, ...]) -> Thing:
    inputs = [parameter for parameter in parameters if parameter.mode not in _OUTPUT]
    signature = Signature(
        tuple(parameter.name or "" for parameter in inputs),
        sum(parameter.defexpr is not None for parameter in inputs),
        any(parameter.mode == enums.FunctionParameterMode.FUNC_PARAM_VARIADIC for parameter in inputs),
    )
    named = _named("routine", names)
    return Thing(
        "routine",
        named.schema,
        named.name,
        ", ".join(type_text(parameter.argType) for parameter in inputs),
        signature,
    )


def _named(kind: str, names: tuple[ast.String, ...]) -> Thing:
    parts = [str(name.sval) for name in names]
    return Thing(kind, parts[-2] if len(parts) > 1 else "", parts[-1])


def _thing(kind: str, name: ast.RangeVar) -> Thing:
    return Thing(kind, name.schemaname or "", name.relname)


def _on(kind: str, table: ast.RangeVar, name: str) -> Thing:
    return Thing(kind, table.schemaname or "", name, table.relname)


def _joined(table: str, column: str, label: str) -> str:
    """Return the name that PostgreSQL gives to what comes with a table: long parts are cut."""
    parts = [part.encode() for part in (table, column) if part]
    while sum(len(part) + 1 for part in parts) + len(label) > MAX_NAME:
        longer = 0 if len(parts[0]) > len(parts[-1]) else -1
        parts[longer] = parts[longer][:-1]
    return "_".join([*(part.decode(errors="ignore") for part in parts), label])
