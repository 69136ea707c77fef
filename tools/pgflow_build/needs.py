"""The objects of ours that must exist for a statement to be carried out.

What counts is what PostgreSQL looks up when it creates an object: types of columns and arguments, tables of
foreign keys, all that a view, a default, a CHECK or an index expression uses, the target of COMMENT, ALTER
and GRANT. The body of a routine does not: CREATE EXTENSION leaves it unread. Names without a schema are
PostgreSQL's own, since the scripts run with the search path ``pg_catalog, pg_temp``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pglast import ast, enums, parser
from pglast.visitors import Ancestor, Skip, Visitor

from pgflow_build.objects import Thing, describe, type_text

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_temp", "pg_toast"})
"""Schemas whose objects every database has."""

_OF = enums.ObjectType
_RELATIONS = frozenset(
    {
        _OF.OBJECT_TABLE,
        _OF.OBJECT_VIEW,
        _OF.OBJECT_MATVIEW,
        _OF.OBJECT_SEQUENCE,
        _OF.OBJECT_INDEX,
        _OF.OBJECT_FOREIGN_TABLE,
    }
)
_TYPES = frozenset({_OF.OBJECT_TYPE, _OF.OBJECT_DOMAIN})
_PARTS = {
    _OF.OBJECT_TRIGGER: "trigger",
    _OF.OBJECT_RULE: "rule",
    _OF.OBJECT_POLICY: "policy",
    _OF.OBJECT_TABCONSTRAINT: "constraint",
}
_CREATED_NAMES = frozenset(
    {
        (ast.CreateStmt, "relation"),
        (ast.ViewStmt, "view"),
        (ast.IntoClause, "rel"),
        (ast.CompositeTypeStmt, "typevar"),
        (ast.CreateSeqStmt, "sequence"),
    }
)
_SEQUENCE_CALLS = frozenset({"nextval", "currval", "setval"})
_READ_AS = {
    "regclass": "COMMENT ON TABLE {} IS ''",
    "regproc": "COMMENT ON FUNCTION {} IS ''",
    "regprocedure": "COMMENT ON FUNCTION {} IS ''",
    "regtype": "COMMENT ON TYPE {} IS ''",
}


@dataclass(frozen=True)
class Call:
    """Arguments of a call: how many without a name, and the names of the others."""

    positional: int
    named: frozenset[str]


@dataclass(frozen=True)
class Need:
    """An object that must exist. ``of`` None: any of that name; ``offset``: where in the file it is named."""

    kind: str
    schema: str
    name: str
    of: str | None = None
    call: Call | None = None
    offset: int = 0

    def __str__(self) -> str:
        """Return kind and name, as in a message."""
        return describe(self.kind, self.schema, self.name, self.of)

    def is_met_by(self, thing: Thing) -> bool:
        """Tell whether ``thing`` is what must exist."""
        if (self.kind, self.schema, self.name) != (thing.kind, thing.schema, thing.name):
            return False
        if self.of is not None and self.of != thing.of:
            return False
        if self.call is None or thing.signature is None:
            return True
        return thing.signature.takes(self.call.positional, self.call.named)


def needed(node: ast.Node, start: int = 0) -> tuple[Need, ...]:
    """Return what must exist when a statement runs, each once; ``start`` is the offset of its first word."""
    collector = _Collector(start)
    collector(node)
    return tuple(dict.fromkeys(collector.needs))


def needed_by_text(text: str) -> tuple[Need, ...]:
    """Return what must exist for one statement that is no part of a file.

    Raises ParseError if it is none, and ValueError if it is more than one.
    """
    (raw,) = parser.parse_sql(text)
    return tuple(replace(need, offset=0) for need in needed(raw.stmt))


def dropped(node: ast.DropStmt) -> tuple[Need, ...]:
    """Return what a DROP removes, whether it must exist or not; with a relation goes the type of its rows."""
    gone = [need for item in node.objects for need in [*_named(node.removeType, item)][-1:]]
    return (*gone, *(replace(need, kind="type") for need in gone if need.kind == "relation"))


class _Collector(Visitor):
    """Gathers the needs of one statement; those without a location of their own get that of its start."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.needs: list[Need] = []

    def visit(self, ancestors: Ancestor, node: ast.Node) -> type[Skip] | None:
        """Take in one node; called for each, from the statement down."""
        if isinstance(node, ast.DropStmt) and node.missing_ok:
            return Skip
        if isinstance(node, ast.RangeVar) and _is_created(ancestors):
            return None
        offset = getattr(node, "location", None) or self.start
        self.needs += [replace(need, offset=offset) for need in _of_node(node) if _is_ours(need)]
        return Skip if isinstance(node, ast.DefElem) and _support_routine(node) else None


def _is_created(ancestors: Ancestor) -> bool:
    above = abs(ancestors)
    return above is not None and (type(above.node), above.member) in _CREATED_NAMES


def _is_ours(need: Need) -> bool:
    """Tell a name that our scripts must provide from one that PostgreSQL has, and from an operator."""
    schema = need.name if need.kind == "schema" else need.schema
    return bool(schema) and schema not in SYSTEM_SCHEMAS and (need.name[0].isalpha() or need.name[0] == "_")


def _of_node(node: ast.Node) -> Iterator[Need]:
    """Yield what one node names, its descendants left out."""
    match node:
        case ast.RangeVar():
            yield Need("relation", node.schemaname or "", node.relname)
        case ast.TypeName():
            yield from _of_type(node)
        case ast.FuncCall():
            yield from _of_call(node)
        case ast.TypeCast():
            yield from _of_constant(node.arg, node.typeName.names[-1].sval)
        case ast.ObjectWithArgs():
            types = None if node.args_unspecified else ", ".join(map(type_text, node.objargs or ()))
            yield _by_names("routine", node.objname, of=types)
        case ast.CreateTrigStmt():
            yield _by_names("routine", node.funcname, of="")
        case ast.DefElem():
            yield from _of_option(node)
        case ast.AlterDomainStmt() | ast.AlterEnumStmt():
            yield _by_names("type", node.typeName)
        case _:
            yield from _of_target(node)


def _of_type(node: ast.TypeName) -> Iterator[Need]:
    names = tuple(node.names or ())
    if node.pct_type:
        yield _by_names("relation", names[:-1])
    else:
        yield _by_names("type", names)


def _of_call(node: ast.FuncCall) -> Iterator[Need]:
    arguments = tuple(node.args or ())
    named = frozenset(item.name for item in arguments if isinstance(item, ast.NamedArgExpr))
    yield _by_names("routine", node.funcname, call=Call(len(arguments) - len(named), named))
    if node.funcname[-1].sval in _SEQUENCE_CALLS:
        for sequence in arguments[:1]:
            yield from _of_constant(sequence, "regclass")


def _of_constant(node: ast.Node, type_name: str) -> Iterator[Need]:
    """Yield what a string constant names that is read as the name of an object."""
    if type_name in _READ_AS and isinstance(node, ast.A_Const) and isinstance(node.val, ast.String):
        try:
            yield from needed_by_text(_READ_AS[type_name].format(node.val.sval))
        except (parser.ParseError, ValueError):
            return


def _of_option(node: ast.DefElem) -> Iterator[Need]:
    if node.defname == "owned_by" and len(node.arg) > 1:
        yield _by_names("relation", node.arg[:-1])
    elif _support_routine(node):
        yield _by_names("routine", node.arg.names)


def _support_routine(node: ast.DefElem) -> bool:
    """Tell an option of CREATE AGGREGATE or OPERATOR that names a routine in the form of a type."""
    return isinstance(node.arg, ast.TypeName) and node.defname.endswith(("func", "function", "procedure"))


def _of_target(node: ast.Node) -> Iterator[Need]:
    """Yield what COMMENT, GRANT, DROP, ALTER … OWNER TO or SET SCHEMA are about."""
    match node:
        case ast.CommentStmt() | ast.SecLabelStmt():
            yield from _named(node.objtype, node.object)
        case ast.AlterOwnerStmt() | ast.AlterObjectSchemaStmt():
            yield from _named(node.objectType, node.object)
        case ast.RenameStmt():
            yield from _named(node.renameType, node.object)
        case ast.DropStmt():
            for item in node.objects:
                yield from _named(node.removeType, item)
        case ast.GrantStmt():
            in_schema = node.targtype == enums.GrantTargetType.ACL_TARGET_ALL_IN_SCHEMA
            for item in node.objects:
                yield from _named(_OF.OBJECT_SCHEMA if in_schema else node.objtype, item)


def _named(kind: enums.ObjectType, item: Any) -> Iterator[Need]:
    """Yield the needs for an object that a statement names by kind; the object itself last.

    Names of routines, and some of types and relations, are nodes of their own, which are visited anyway.
    """
    match item:
        case ast.String() if kind == _OF.OBJECT_SCHEMA:
            yield Need("schema", "", str(item.sval))
        case ast.RangeVar() | ast.TypeName() | ast.ObjectWithArgs():
            yield from _of_node(item)
        case (ast.TypeName(), ast.String()) if kind == _OF.OBJECT_DOMCONSTRAINT:
            domain = _by_names("type", item[0].names)
            yield domain
            yield Need("domain constraint", domain.schema, item[1].sval, domain.name)
        case tuple() if kind in _RELATIONS:
            yield _by_names("relation", item)
        case tuple() if kind in _TYPES:
            yield _by_names("type", item)
        case tuple() if kind == _OF.OBJECT_COLUMN:
            yield _by_names("relation", item[:-1])
        case tuple() if kind in _PARTS:
            table = _by_names("relation", item[:-1])
            yield table
            yield Need(_PARTS[kind], table.schema, item[-1].sval, table.name)


def _by_names(
    kind: str, names: tuple[ast.String, ...], *, of: str | None = None, call: Call | None = None
) -> Need:
    parts = [str(name.sval) for name in names]
    return Need(kind, parts[-2] if len(parts) > 1 else "", parts[-1], of, call)
