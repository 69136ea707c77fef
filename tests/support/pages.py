"""The SQL that README and docs/ show, as tests run it.

Each fenced block of ``sql`` runs as it stands, page by page and in order, in psql, in a database of its own
in which an orchestrator runs. A comment on the line above a block says otherwise:

* ``<!-- on warehouse -->``: it runs in the page's other database, which ``service=warehouse`` leads to;
* ``<!-- fails: PF009 -->``: it must raise an error with that SQLSTATE;
* ``<!-- not run: why -->``: it cannot run there;
* ``<!-- test: name -->``: a test of its own runs it.

What a block of ``text`` shows right behind one of ``sql`` is what psql must answer to it; calls that return
nothing are left out of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "```sql\n" in path.read_text()
)
"""The pages that show SQL."""
_BLOCK = re.compile(
    r"(?:<!-- (?P<note>[^>\n]*) -->\n)?```sql\n(?P<sql>.*?)^```\n(?:\n```text\n(?P<answer>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """One block of SQL: ``line`` of its page, what the note above it asks for, the answer shown behind it."""

    page: str
    line: int
    sql: str
    database: str
    error: str | None
    is_run: bool
    answer: str | None

    def __str__(self) -> str:
        """Return where it stands."""
        return f"{self.page}:{self.line}"


def blocks(page: str) -> Iterator[Block]:
    """Return the blocks of a page; raises ValueError for a note that nobody knows."""
    text = (ROOT / page).read_text()
    for found in _BLOCK.finditer(text):
        note = found["note"] or ""
        kind, _, rest = note.partition(":") if ":" in note else note.partition(" ")
        if kind == "test":
            continue
        if kind not in ("", "on", "fails", "not run", "stuck"):
            raise ValueError(f"{page}: nobody knows the note <!-- {note} -->")
        yield Block(
            page,
            text.count("\n", 0, found.start("sql")) + 1,
            found["sql"],
            rest.strip() if kind == "on" else "server",
            rest.strip() if kind == "fails" else None,
            kind != "not run",
            found["answer"],
        )
