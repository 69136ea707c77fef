"""Finds what has columns in the sources: views, tables, composite types; and domains."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pglast import ast, enums

from pgflow_build.lint.names import dotted
from pgflow_build.manifest import SourceError
from pgflow_build.reference.model import Column, Relation
from pgflow_build.reference.words import PRIVATE, Comments, expression, type_name
from pgflow_build.sources import SourceFile


def relations_of(source: SourceFile, comments: Comments) -> Iterator[Relation]:
    """Return what a file creates, the engine's own included, each column with its COMMENT or ""."""
    for statement in source.statements:
        match statement.node:
            case ast.ViewStmt(view=name, query=query):
                yield _relation(source, name, "view", map(_column, _output_names(query)), comments)
            case ast.CreateStmt(relation=name, tableElts=elements):
                defined = (element for element in elements or () if isinstance(element, ast.ColumnDef))
                yield _relation(source, name, "table", map(_defined, defined), comments)
            case ast.CompositeTypeStmt(typevar=name, coldeflist=attributes):
                yield _relation(source, name, "type", map(_defined, attributes), comments)
            case ast.CreateDomainStmt(domainname=names):
                full = dotted(names)
                yield Relation(source.extension, full, "domain", comments.get(full, PRIVATE), ())


def _relation(
    source: SourceFile, name: ast.RangeVar, kind: str, columns: Iterable[Column], comments: Comments
) -> Relation:
    full = f"{name.schemaname}.{name.relname}"
    described = tuple(replace(c, meaning=comments.get(f"{full}.{c.name}", "")) for c in columns)
    return Relation(source.extension, full, kind, comments.get(full, PRIVATE), described)


def _column(name: str) -> Column:
    return Column(name, None, None, False, "")


def _defined(column: ast.ColumnDef) -> Column:
    """Return a column as its definition has it."""
    constraints = {constraint.contype: constraint for constraint in column.constraints or ()}
    default = constraints.get(enums.ConstrType.CONSTR_DEFAULT)
    return Column(
        column.colname,
        type_name(column.typeName),
        expression(default.raw_expr) if default else None,
        enums.ConstrType.CONSTR_NOTNULL in constraints,
        "",
    )


def _output_names(query: ast.SelectStmt) -> Iterator[str]:
    """Yield the names that a query gives its columns: an alias, else the name of a column."""
    while query.larg is not None:
        query = query.larg
    for target in query.targetList or ():
        value = target.val
        if target.name:
            yield str(target.name)
        elif isinstance(value, ast.ColumnRef) and isinstance(value.fields[-1], ast.String):
            yield str(value.fields[-1].sval)
        else:
            raise SourceError(f"name each column of a view: {expression(value)}")
