"""No syntax that came after PostgreSQL 11, in statements, bodies, views, and SQL that is made at run time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pglast import ast, enums

from pgflow_build.lint.fragments import walk
from pgflow_build.lint.names import constant_text
from pgflow_build.lint.project import Problem, Project
from pgflow_build.routines import Routine

_Test = Callable[[Any], Any]


@dataclass(frozen=True)
class Construct:
    """What ``major`` brought: nodes of type ``node`` that pass ``test``. ``what``: it, and a way out."""

    major: int
    node: str
    test: _Test
    what: str


def _has_option(name: str) -> _Test:
    return lambda node: any(option.defname == name for option in node.options or ())


def _has_out(node: ast.CreateFunctionStmt) -> bool:
    out = enums.FunctionParameterMode.FUNC_PARAM_OUT
    return bool(node.is_procedure) and any(parameter.mode == out for parameter in node.parameters or ())


def _likes_newer(node: ast.TableLikeClause) -> bool:
    newer = (
        enums.TableLikeOption.CREATE_TABLE_LIKE_GENERATED
        | enums.TableLikeOption.CREATE_TABLE_LIKE_COMPRESSION
    )
    return node.options != enums.TableLikeOption.CREATE_TABLE_LIKE_ALL and bool(node.options & newer)


def _returns_old(node: Any) -> bool:
    returned = [below for below in walk(node.returningList) if isinstance(below, ast.ColumnRef)]
    return any(len(column.fields) > 1 and column.fields[0].sval in ("old", "new") for column in returned)


def _subscripts_by_text(node: ast.A_Indices) -> bool:
    return constant_text(node.lidx) is not None or constant_text(node.uidx) is not None


def _covers_newer(node: ast.IndexStmt) -> bool:
    return bool(node.indexIncludingParams) and node.accessMethod != "btree"


CONSTRUCTS = (
    Construct(12, "CreateStmt", lambda n: n.accessMethod, "a table access method"),
    Construct(
        12,
        "CommonTableExpr",
        lambda n: n.ctematerialized != enums.CTEMaterialize.CTEMaterializeDefault,
        "AS [NOT] MATERIALIZED: 11 computes a CTE once in any case; OFFSET 0 keeps a subquery apart",
    ),
    Construct(
        12,
        "Constraint",
        lambda n: n.contype == enums.ConstrType.CONSTR_GENERATED,
        "a generated column: fill it where the row is written, or let a view have it",
    ),
    Construct(12, "TransactionStmt", lambda n: n.chain, "AND CHAIN"),
    Construct(12, "CopyStmt", lambda n: n.whereClause, "COPY … WHERE"),
    Construct(12, "CreateFunctionStmt", _has_option("support"), "SUPPORT of a function"),
    Construct(12, "TableLikeClause", _likes_newer, "INCLUDING GENERATED or COMPRESSION"),
    Construct(12, "IndexStmt", _covers_newer, "INCLUDE in an index that is no btree"),
    Construct(
        13,
        "SelectStmt",
        lambda n: n.limitOption == enums.LimitOption.LIMIT_OPTION_WITH_TIES,
        "WITH TIES: use rank() in a subquery",
    ),
    Construct(
        14,
        "CreateTrigStmt",
        lambda n: n.replace,
        "OR REPLACE of a trigger: DROP TRIGGER IF EXISTS, then CREATE TRIGGER",
    ),
    Construct(14, "CreateFunctionStmt", _has_out, "OUT arguments of a procedure: use INOUT"),
    Construct(14, "CreateFunctionStmt", lambda n: n.sql_body, "a body without quotes (BEGIN ATOMIC, RETURN)"),
    Construct(14, "A_Indices", _subscripts_by_text, "a subscript into jsonb: use -> and ->>, jsonb_set()"),
    Construct(14, "StatsElem", lambda n: n.expr, "an expression in CREATE STATISTICS"),
    Construct(14, "CommonTableExpr", lambda n: n.search_clause, "SEARCH in WITH"),
    Construct(14, "CommonTableExpr", lambda n: n.cycle_clause, "CYCLE in WITH"),
    Construct(14, "SelectStmt", lambda n: n.groupDistinct, "GROUP BY DISTINCT"),
    Construct(14, "JoinExpr", lambda n: n.join_using_alias, "an alias of USING (…)"),
    Construct(14, "ColumnDef", lambda n: n.compression, "COMPRESSION of a column"),
    Construct(15, "MergeStmt", lambda n: True, "MERGE: use INSERT … ON CONFLICT, or UPDATE and INSERT"),
    Construct(15, "IndexStmt", lambda n: n.nulls_not_distinct, "NULLS NOT DISTINCT"),
    Construct(15, "Constraint", lambda n: n.nulls_not_distinct, "NULLS NOT DISTINCT"),
    Construct(15, "ViewStmt", _has_option("security_invoker"), "security_invoker"),
    Construct(
        16, "RangeSubselect", lambda n: not n.alias, "a subquery in FROM without an alias: give it one"
    ),
    Construct(16, "ColumnDef", lambda n: n.storage_name, "STORAGE of a column"),
    Construct(16, "JsonIsPredicate", lambda n: True, "IS JSON"),
    Construct(16, "JsonObjectConstructor", lambda n: True, "JSON_OBJECT (…): use jsonb_build_object()"),
    Construct(16, "JsonArrayConstructor", lambda n: True, "JSON_ARRAY (…): use jsonb_build_array()"),
    Construct(16, "JsonArrayQueryConstructor", lambda n: True, "JSON_ARRAY (query): use jsonb_agg()"),
    Construct(16, "JsonAggConstructor", lambda n: True, "JSON_OBJECTAGG, JSON_ARRAYAGG: use jsonb_…_agg()"),
    Construct(17, "JsonFuncExpr", lambda n: True, "JSON_VALUE, JSON_QUERY, JSON_EXISTS: use -> and ->>"),
    Construct(17, "JsonTable", lambda n: True, "JSON_TABLE: use jsonb_to_recordset()"),
    Construct(17, "JsonParseExpr", lambda n: True, "JSON (…): cast to JSONB"),
    Construct(17, "JsonScalarExpr", lambda n: True, "JSON_SCALAR: use to_jsonb()"),
    Construct(17, "JsonSerializeExpr", lambda n: True, "JSON_SERIALIZE: cast to TEXT"),
    Construct(18, "InsertStmt", _returns_old, "OLD and NEW in RETURNING"),
    Construct(18, "UpdateStmt", _returns_old, "OLD and NEW in RETURNING"),
    Construct(18, "DeleteStmt", _returns_old, "OLD and NEW in RETURNING"),
)
"""What is told by the syntax tree of a statement."""

_BY_NODE = {name: [c for c in CONSTRUCTS if c.node == name] for name in {c.node for c in CONSTRUCTS}}
_NUMBER = re.compile(r"^(0[xob]|\d+_)", re.IGNORECASE)
_NESTED = re.compile(r"\]\s*\.|\[[^\]]*:|^[^.\[]+\.[^.]+\.")


def check(project: Project) -> Iterator[Problem]:
    """Yield what PostgreSQL 11 would refuse, in statements, bodies, views, and SQL made at run time."""
    for fragment in (*project.fragments, *project.dynamic):
        for node in fragment.nodes:
            for construct in _BY_NODE.get(type(node).__name__, ()):
                if construct.test(node):
                    message = f"PostgreSQL has it from {construct.major} on: {construct.what}"
                    yield Problem(fragment.source.path, fragment.line(node), message)
        for call in fragment.all(ast.CallStmt):
            for query in (node for node in walk(call.funccall) if isinstance(node, ast.SubLink)):
                message = "a subquery is no argument of CALL: put it in a variable first"
                yield Problem(fragment.source.path, fragment.line(query), message)
    for routine in project.routines:
        for line, message in _in_body(routine):
            yield Problem(routine.source.path, line, message)
    for source in project.parsed:
        for token in source.tokens:
            if token.name in ("ICONST", "FCONST") and _NUMBER.match(token.text):
                yield Problem(source.path, source.line_of(token.start), _of_number(token.text))


def _in_body(routine: Routine) -> Iterator[tuple[int, str]]:
    first = routine.line_in_body(0) - 1
    for token in routine.words:
        if token.name in ("ICONST", "FCONST") and _NUMBER.match(token.text):
            yield routine.line_in_body(token.start), _of_number(token.text)
    for statement in routine.block.statements if routine.language == "plpgsql" else ():
        if statement.kind in ("commit", "rollback") and statement.data.get("chain"):
            yield first + statement.line, "PostgreSQL has it from 12 on: AND CHAIN"
        elif statement.kind == "assign":
            target = statement.data["expr"]["PLpgSQL_expr"]["query"].partition(":=")[0]
            if _NESTED.search(target):
                message = (
                    f"PostgreSQL has it from 14 on: {target.strip()} on the left; assign the whole element"
                )
                yield first + statement.line, message
        elif statement.kind == "getdiag":
            items = [item["PLpgSQL_diag_item"]["kind"] for item in statement.data["diag_items"]]
            if "PG_ROUTINE_OID" in items:
                yield first + statement.line, "PostgreSQL has it from 16 on: PG_ROUTINE_OID"


def _of_number(text: str) -> str:
    return f"PostgreSQL has it from 16 on: a number written as {text}"
