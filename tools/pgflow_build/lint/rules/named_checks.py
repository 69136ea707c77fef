"""Every CHECK constraint has a name, so that an update script can change it and an error names it."""

from collections.abc import Iterator

from pglast import ast, enums

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield CHECK constraints, of tables and of domains, without a name."""
    for fragment in project.fragments:
        for constraint in fragment.all(ast.Constraint):
            if constraint.contype == enums.ConstrType.CONSTR_CHECK and not constraint.conname:
                message = "name the CHECK: CONSTRAINT <table>_<what> CHECK (…)"
                yield Problem(fragment.source.path, fragment.line(constraint), message)
