"""Findings that are accepted: a commented file beside the check lists them, each with the reason.

Such a file is TOML with ``[[allow]]`` tables of three strings: ``path`` of the source file, ``message``, a
part of the finding's message, and ``reason``. An entry that no finding matches is itself a finding, so that
none outlives its cause.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pgflow_build.finding import Finding


@dataclass(frozen=True)
class Allowed:
    """One accepted finding: in the file ``path``, with ``message`` as a part of what it says."""

    path: str
    message: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether this is the finding that is meant."""
        return finding.path == self.path and self.message in finding.message


def read_allowed(file: Path) -> list[Allowed]:
    """Return the entries of an allow-list, none if there is no such file.

    Raises ValueError for an entry that lacks a field or its text.
    """
    if not file.exists():
        return []
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("allow", [])
    for number, entry in enumerate(entries, 1):
        if entry.keys() != {"path", "message", "reason"} or not all(
            str(text).strip() for text in entry.values()
        ):
            raise ValueError(
                f"{file.name}: entry {number} must have path, message and reason, none of them empty"
            )
    return [Allowed(**entry) for entry in entries]


def without_allowed(found: Iterable[Finding], allowed: list[Allowed], rule: str, file: str) -> list[Finding]:
    """Return the findings that no entry covers, and one of ``rule`` for each entry that covers none.

    file: the allow-list's own path, relative to the work tree.
    """
    found = list(found)
    left = [finding for finding in found if not any(entry.covers(finding) for entry in allowed)]
    stale = [entry for entry in allowed if not any(entry.covers(finding) for finding in found)]
    return left + [
        Finding(
            file, 0, rule, f"allows what is not found: {entry.message!r} in {entry.path}; remove the entry"
        )
        for entry in stale
    ]
