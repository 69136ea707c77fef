"""What the reference speaks of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """An argument of a routine, or a column of what it returns. ``default``: an expression, or None."""

    name: str
    type: str
    default: str | None
    is_output: bool
    meaning: str


@dataclass(frozen=True)
class Routine:
    """A function or procedure. ``text`` holds paragraphs, ``notes`` what it returns and raises."""

    extension: str
    name: str
    kind: str
    arguments: tuple[Argument, ...]
    returns: str
    summary: str
    text: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column or attribute; the sources do not say the type of a view's. ``is_required``: it is NOT NULL."""

    name: str
    type: str | None
    default: str | None
    is_required: bool
    meaning: str


@dataclass(frozen=True)
class Relation:
    """What has columns. ``kind``: view, table, type, or domain, which has none."""

    extension: str
    name: str
    kind: str
    summary: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Key:
    """A key of a configuration: what it takes, what it is unless given, what it does."""

    name: str
    takes: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Section:
    """The keys of one kind of object in what a call is given."""

    call: str
    name: str
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Objects:
    """What is public, and every table, since columns describe keys."""

    routines: tuple[Routine, ...]
    relations: tuple[Relation, ...]
    tables: tuple[Relation, ...]
