"""A local never has the name of a column of a table that its routine uses."""

from collections.abc import Iterator

from pglast import ast

from pgflow_build.lint.project import Problem, Project, qualified


def check(project: Project) -> Iterator[Problem]:
    """Yield locals that a statement of their routine could take for a column, or the other way round."""
    tables = project.named("TABLE")
    for routine in project.routines:
        if routine.language != "plpgsql":
            continue
        used = {
            qualified(relation)
            for fragment in project.bodies[id(routine)]
            for relation in fragment.all(ast.RangeVar)
        }
        columns = {column: table for table in sorted(used & tables) for column in project.columns[table]}
        for variable in routine.block.variables:
            if variable.name in columns:
                line = routine.line_in_body(0) + variable.line - 1
                message = f"local {variable.name} has the name of a column of {columns[variable.name]}"
                yield Problem(routine.source.path, line, message)
