"""What a check has to say about one place of the sources."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a check found wrong.

    path: the file, relative to the work tree, with slashes.
    line: counted from 1; 0 where the finding is about the file as a whole.
    rule: the name of the rule that is broken, as docs/rules.md has it.
    message: what is wrong and what to do, one line.
    """

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        """Return the finding as editors and people read it: ``path:line: rule: message``."""
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"
