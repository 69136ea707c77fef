"""No CASCADE in DROP, TRUNCATE and ALTER: it takes users' objects along. ON DELETE CASCADE is all right."""

from collections.abc import Iterator

from pglast import enums

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield statements with CASCADE."""
    for fragment in (*project.fragments, *project.dynamic):
        for node in fragment.nodes:
            if getattr(node, "behavior", None) == enums.DropBehavior.DROP_CASCADE:
                message = "no CASCADE: name what is to go, so that nothing else does"
                yield Problem(fragment.source.path, fragment.line(node), message)
