"""Writes docs/reference.md: what users may call, see and configure, as the SQL sources say it themselves.

A routine, view, table, type or domain is public unless its COMMENT begins with ``Engine:``; so is each of
their columns. What the reference says of a routine is the comment that opens its body.
"""

from pathlib import Path

from pgflow_build.extension import read_extensions
from pgflow_build.reference.keys import read_sections
from pgflow_build.reference.read import read_objects
from pgflow_build.reference.render import render

PAGE = Path("docs/reference.md")
"""Where the reference is, from the root of the work tree."""


def text(root: Path) -> str:
    """Return the reference as the sources under ``root`` give it.

    Raises SourceError with all that they leave unsaid: arguments, columns or keys without a meaning.
    """
    extensions = read_extensions(root)
    objects = read_objects(extensions)
    return render(objects, read_sections(extensions, objects))


def write(root: Path) -> bool:
    """Bring the reference up to date; tell whether it has changed."""
    if not is_stale(root):
        return False
    (root / PAGE).parent.mkdir(exist_ok=True)
    (root / PAGE).write_text(text(root), encoding="utf-8", newline="\n")
    return True


def is_stale(root: Path) -> bool:
    """Tell whether the reference is not what the sources give."""
    page = root / PAGE
    return not page.exists() or page.read_text(encoding="utf-8") != text(root)
