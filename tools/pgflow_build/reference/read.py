"""Finds the public objects in the sources of the extensions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pglast import ast

from pgflow_build.extension import Extension
from pgflow_build.lint.names import dotted
from pgflow_build.manifest import SourceError
from pgflow_build.objects import type_text
from pgflow_build.reference import model
from pgflow_build.reference.header import read_header
from pgflow_build.reference.relations import relations_of
from pgflow_build.reference.words import expression, is_public, type_name
from pgflow_build.routines import Routine, routines_of
from pgflow_build.sources import SourceFile


def read_objects(extensions: Sequence[Extension]) -> model.Objects:
    """Return what is public, in the order of the sources; raises SourceError with all that is left unsaid."""
    sources = [source for extension in extensions for source in extension.sources]
    comments = {name: text for source in sources for name, text in _comments(source)}
    relations = [relation for source in sources for relation in relations_of(source, comments)]
    routines = [
        _routine(routine, comments[_key(routine)])
        for source in sources
        for routine in routines_of(source)
        if is_public(comments.get(_key(routine)))
    ]
    public = [_shown(relation) for relation in relations if is_public(relation.summary)]
    problems = [*_unexplained(routines), *_without_meaning(public)]
    if problems:
        raise SourceError("the reference would say too little:\n" + "\n".join(problems))
    tables = tuple(relation for relation in relations if relation.kind == "table")
    return model.Objects(tuple(routines), tuple(public), tables)


def _comments(source: SourceFile) -> Iterator[tuple[str, str]]:
    for statement in source.statements:
        node = statement.node
        if not isinstance(node, ast.CommentStmt) or not node.comment:
            continue
        if isinstance(node.object, ast.ObjectWithArgs):
            types = ", ".join(type_text(argument) for argument in node.object.objargs or ())
            yield f"{dotted(node.object.objname)}({types})", node.comment
        elif isinstance(node.object, ast.TypeName):
            yield dotted(node.object.names), node.comment
        elif isinstance(node.object, tuple):
            yield dotted(node.object), node.comment


def _key(routine: Routine) -> str:
    types = ", ".join(type_text(argument.type) for argument in routine.arguments if argument.is_input)
    return f"{routine.full_name}({types})"


def _routine(routine: Routine, summary: str) -> model.Routine:
    names = [argument.name or "" for argument in routine.arguments]
    header = read_header(routine.header.text if routine.header else "/**/", names)
    arguments = tuple(
        model.Argument(
            name,
            type_name(parameter.argType),
            None if parameter.defexpr is None else expression(parameter.defexpr),
            not argument.is_input,
            header.meanings.get(name, ""),
        )
        for name, parameter, argument in zip(
            names, routine.node.parameters or (), routine.arguments, strict=True
        )
    )
    return model.Routine(
        routine.source.extension,
        routine.full_name,
        routine.kind.lower(),
        arguments,
        _returns(routine.node),
        summary,
        header.text,
        header.notes,
    )


def _returns(node: ast.CreateFunctionStmt) -> str:
    if node.is_procedure or node.returnType is None:
        return ""
    return ("SETOF " if node.returnType.setof else "") + type_name(node.returnType)


def _shown(relation: model.Relation) -> model.Relation:
    """Return a relation without the columns that are the engine's own."""
    columns = tuple(c for c in relation.columns if not c.meaning or is_public(c.meaning))
    return replace(relation, columns=columns)


def _unexplained(routines: Iterable[model.Routine]) -> Iterator[str]:
    for routine in routines:
        for argument in routine.arguments:
            if not argument.meaning and not argument.is_output:
                yield f"the header of {routine.name} does not explain {argument.name}"


def _without_meaning(relations: Iterable[model.Relation]) -> Iterator[str]:
    for relation in relations:
        for column in relation.columns:
            if not column.meaning:
                yield f"COMMENT ON COLUMN {relation.name}.{column.name} is missing"
