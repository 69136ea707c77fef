"""What PL/pgSQL's own parser, as pglast brings it, makes of a body: variables, statements, expressions.

That parser knows no composite types and so refuses ``slot.state := …``. It is therefore given a copy of the
body in which variables of composite types are records, and pg_catalog's types have their bare names; lines
and columns are the same in both.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pglast import ast, enums, parser

_INPUTS = ("FUNC_PARAM_DEFAULT", "FUNC_PARAM_IN", "FUNC_PARAM_VARIADIC", "FUNC_PARAM_INOUT")
_HIDDEN = re.compile(r"^(found|sqlstate|sqlerrm|tg_\w+|new|old|\(unnamed row\)|__Case__.*)$")
_OPTION = re.compile(r"^(\s*)(#\w+ \w+)", re.MULTILINE)
_DECLARATIONS = re.compile(r"\bDECLARE\b.*?\bBEGIN\b", re.DOTALL)
_QUALIFIED = re.compile(
    r"(?:\bDECLARE|;)\s+(?P<name>\w+)\s+(?:CONSTANT\s+)?(?P<type>\w+\.\w+)(?!\s*[\[.(%\w])"
)


@dataclass(frozen=True)
class Expression:
    """SQL in a body: a whole statement (mode 0), an expression (2), an assignment (3 up), or a type (1).

    ``line`` counts the lines of the body from 1, and is that of the statement that it belongs to. What an
    INTO clause names is blanks here.
    """

    text: str
    mode: int
    line: int


@dataclass(frozen=True)
class Variable:
    """A variable that is declared, or made by FOR over integers. ``number``: how statements refer to it."""

    name: str
    line: int
    number: int
    type: str | None
    default: Expression | None


@dataclass(frozen=True)
class PlStatement:
    """A statement: ``kind`` is PostgreSQL's without ``PLpgSQL_stmt_``; ``data``: its other fields."""

    kind: str
    line: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Block:
    """The variables, statements and expressions of a body, nested ones too, with lines of the body."""

    variables: tuple[Variable, ...]
    names: dict[int, str]
    statements: tuple[PlStatement, ...]
    expressions: tuple[Expression, ...]


def parse_block(node: ast.CreateFunctionStmt, body: str) -> Block:
    """Return what is in the body of a PL/pgSQL routine; raises ValueError where the parser refuses it."""
    try:
        copied, types = _copy(node, body)
        parsed = json.loads(parser.parse_plpgsql_json(copied))
    except parser.ParseError as error:
        raise ValueError(f"body is not PL/pgSQL: {error.args[0]}") from None
    function = parsed[0]["PLpgSQL_function"]
    outer = [next(iter(part)) for part in function["action"]["PLpgSQL_stmt_block"]["body"]]
    if [kind for kind in outer if kind != "PLpgSQL_stmt_return"] != ["PLpgSQL_stmt_block"]:
        raise ValueError("body is not PL/pgSQL: it is no single block")
    arguments = {parameter.name for parameter in node.parameters or ()}
    variables = []
    cursors = []
    names: dict[int, str] = {}
    for number, datum in enumerate(function.get("datums", ())):
        kind, fields = next(iter(datum.items()))
        names[number] = fields.get("refname") or _field_name(fields, names)
        is_own = kind in ("PLpgSQL_var", "PLpgSQL_rec") and fields["refname"] not in arguments
        if is_own and not _HIDDEN.match(fields["refname"]):
            variables.append(_variable(number, fields, types))
            query = expression_of(fields, "cursor_explicit_expr", fields.get("lineno", 1))
            cursors += [query] if query else []
    found: list[PlStatement | Expression] = list(_walk(function["action"], 1))
    return Block(
        tuple(variables),
        names,
        tuple(item for item in found if isinstance(item, PlStatement)),
        (
            *cursors,
            *(v.default for v in variables if v.default),
            *(item for item in found if isinstance(item, Expression)),
        ),
    )


def expression_of(fields: dict[str, Any], key: str, line: int) -> Expression | None:
    """Return the expression under ``key`` of a statement's data, or None."""
    value = fields.get(key)
    return _expression(value["PLpgSQL_expr"], line) if value else None


def type_text(node: ast.TypeName) -> str:
    """Return a type as it is written: ``async.slot_t[]``; pg_catalog stands before what the grammar names."""
    name = ".".join(part.sval for part in node.names or ())
    return ("SETOF " if node.setof else "") + name + "[]" * len(node.arrayBounds or ())


def _copy(node: ast.CreateFunctionStmt, body: str) -> tuple[str, dict[tuple[str, int], str]]:
    """Return a CREATE statement that the parser takes, its body on the same lines.

    Return with it the types that were replaced there, by name and line of the variable.
    """
    kept, records, has_table = [], [], False
    for parameter in node.parameters or ():
        mode = enums.FunctionParameterMode(parameter.mode).name
        has_table = has_table or mode == "FUNC_PARAM_TABLE"
        text = type_text(parameter.argType)
        if parameter.name and "." in text.removeprefix("pg_catalog.") and not text.endswith("]"):
            records.append(f'"{parameter.name}" RECORD;')
        else:
            way = "" if mode in _INPUTS[:3] else "INOUT " if mode in _INPUTS else "OUT "
            kept.append(f"{way}{parameter.name or ''} {text}")
    returns = "SETOF RECORD" if has_table else type_text(node.returnType) if node.returnType else None
    if (
        returns is None
        and not node.is_procedure
        and not any(item.startswith(("OUT", "INOUT")) for item in kept)
    ):
        returns = "VOID"
    body = _OPTION.sub(lambda match: match[1] + " " * len(match[2]), body)
    blank = _without_texts(body)
    types = {}
    for section in _DECLARATIONS.finditer(blank):
        for match in _QUALIFIED.finditer(blank, *section.span()):
            start, end = match.span("type")
            schema, _, bare = match["type"].partition(".")
            types[match["name"], body.count("\n", 0, match.start("name")) + 1] = match["type"]
            known = bare if schema.lower() == "pg_catalog" else "RECORD"
            body = body[:start] + known.ljust(end - start) + body[end:]
    closed = body if re.search(r";\s*$", blank) else body + ";"
    text = (
        f"CREATE {'PROCEDURE' if node.is_procedure else 'FUNCTION'} f({', '.join(kept)}) "
        + (f"RETURNS {returns} " if returns and not node.is_procedure else "")
        + f"LANGUAGE plpgsql AS $pgflow_copy$ DECLARE {' '.join(records)} BEGIN {closed} END $pgflow_copy$"
    )
    return text, types


def _without_texts(body: str) -> str:
    """Return the body with blanks for comments and string constants."""
    for token in parser.scan(body):
        if token.name in ("SQL_COMMENT", "C_COMMENT", "SCONST"):
            body = body[: token.start] + " " * (token.end + 1 - token.start) + body[token.end + 1 :]
    return body


def _variable(number: int, fields: dict[str, Any], types: dict[tuple[str, int], str]) -> Variable:
    line = fields.get("lineno", 1)
    known = fields.get("datatype", {}).get("PLpgSQL_type", {}).get("typname")
    declared = types.get((fields["refname"], line), known)
    return Variable(
        fields["refname"],
        line,
        number,
        declared.strip() if declared else None,
        expression_of(fields, "default_val", line),
    )


def _field_name(fields: dict[str, Any], names: dict[int, str]) -> str:
    return f"{names.get(fields.get('recparentno', -1), '')}.{fields.get('fieldname', '')}"


def _expression(fields: dict[str, Any], line: int) -> Expression:
    return Expression(fields["query"], fields.get("parseMode", 0), line)


def _walk(item: Any, line: int) -> Iterator[PlStatement | Expression]:
    """Yield the statements and expressions below ``item``; ``line``: where what holds it stands."""
    if isinstance(item, list):
        for part in item:
            yield from _walk(part, line)
    elif isinstance(item, dict):
        for key, value in item.items():
            if key == "PLpgSQL_expr":
                yield _expression(value, line)
            elif key.startswith("PLpgSQL_stmt_"):
                here = value.get("lineno", line)
                yield PlStatement(key.removeprefix("PLpgSQL_stmt_"), here, value)
                yield from _walk(value, here)
            elif key not in ("PLpgSQL_var", "PLpgSQL_rec", "PLpgSQL_row"):
                yield from _walk(value, value.get("lineno", line) if isinstance(value, dict) else line)
