"""A file of ``every/`` holds one routine, its overloads and triggers, or one view, and has its name."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project, created_by

_KINDS = ("FUNCTION", "PROCEDURE", "VIEW")


def check(project: Project) -> Iterator[Problem]:
    """Yield files of ``every/`` with another name than what they hold, or with more than one thing."""
    for source in project.parsed:
        if source.kind != "every":
            continue
        objects = [
            (o.kind, o.name.rpartition(".")[2], o.line) for o in created_by(source) if o.kind in _KINDS
        ]
        if not objects:
            yield Problem(source.path, 1, "creates neither a routine nor a view")
            continue
        kind, name, _ = objects[0]
        if source.name != f"{name}.sql":
            yield Problem(source.path, objects[0][2], f"call the file {name}.sql, after what it creates")
        for other_kind, other, line in objects[1:]:
            if (other_kind, other) != (kind, name):
                yield Problem(source.path, line, f"{other_kind.lower()} {other} has a file of its own")
