"""No tabs, no blanks at the end of a line, and one newline at the end of a file."""

from collections.abc import Iterator

from pgflow_build.lint.project import Problem, Project


def check(project: Project) -> Iterator[Problem]:
    """Yield lines and files with stray white space."""
    for source in project.sources:
        lines = source.text.split("\n")
        for number, line in enumerate(lines, 1):
            if "\t" in line:
                yield Problem(source.path, number, "tab: use blanks")
            if line != line.rstrip():
                yield Problem(source.path, number, "blanks at the end of the line")
        if not source.text.endswith("\n") or source.text.endswith("\n\n"):
            yield Problem(source.path, len(lines), "a file ends with one newline")
