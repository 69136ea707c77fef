"""Takes the comment that opens a routine's body apart: purpose, arguments, results and errors."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NOTE = re.compile(r"^(Returns|Errors)\b")
_UPKEEP = re.compile(r"^(Writes|Reads|Locks|Kept|Calls)\b")
"""Entries for those who work on the sources."""


@dataclass(frozen=True)
class Header:
    """``text``: paragraphs. ``meanings``: by name of the argument. ``notes``: on results and errors."""

    text: tuple[str, ...]
    meanings: dict[str, str]
    notes: tuple[str, ...]


def read_header(comment: str, names: Collection[str]) -> Header:
    """Return the parts of a header comment, given with its marks; ``names``: those of all arguments."""
    text: list[str] = []
    meanings: dict[str, str] = {}
    notes: list[str] = []
    for number, paragraph in enumerate(_paragraphs(comment)):
        entries = list(_entries(paragraph, names)) if number else []  # the first says what the routine is for
        if not entries:
            text.append(" ".join(line.strip() for line in paragraph))
        for entry in entries:
            if _NOTE.match(entry):
                notes.append(entry)
            elif not _UPKEEP.match(entry):
                meanings |= _meanings(entry, names)
    return Header(tuple(text), meanings, tuple(notes))


def _paragraphs(comment: str) -> Iterator[list[str]]:
    """Yield the lines of each paragraph, without the marks."""
    lines = [re.sub(r"^ ?\*? ?", "", line) for line in comment[2:-2].strip().splitlines()]
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []


def _entries(paragraph: list[str], names: Collection[str]) -> Iterator[str]:
    """Yield the entries of a paragraph that is a list of them; nothing if it is prose."""
    entries: list[str] = []
    for line in paragraph:
        if _begins_entry(line, names):
            entries.append(line.strip())
        elif entries:
            entries[-1] += " " + line.strip()
        else:
            return
    yield from entries


def _begins_entry(line: str, names: Collection[str]) -> bool:
    return bool(_NOTE.match(line) or _UPKEEP.match(line) or re.match(rf"{_list_of(names)}:", line))


def _meanings(entry: str, names: Collection[str]) -> dict[str, str]:
    """Return what an entry such as ``_a, _b: this; _c: that`` says of each argument."""
    found: dict[str, str] = {}
    for part in re.split(rf"[;.] (?={_list_of(names)}: )", entry):
        listed, _, meaning = part.partition(": ")
        found |= dict.fromkeys(re.split(r", ", listed), meaning.rstrip(". "))
    return found


def _list_of(names: Collection[str]) -> str:
    """Return the pattern of one or more of the names."""
    if not names:
        return "(?!)"
    name = rf"(?:{'|'.join(map(re.escape, names))})\b"
    return rf"{name}(?:, {name})*"
