"""What is read beside the SQL itself: the manifest and the control file of each extension.

``sql/<extension>/manifest.toml`` gives the order: ``once`` and ``every`` list the files of the folders of the
same names, and ``dump`` the tables and sequences whose rows a dump must hold, each with its WHERE clause.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXTENSIONS = ("pgasync", "pgasync_server", "pgflow", "pgflow_server", "pgflow_ui")
"""Our extensions, each after those that it requires."""

KINDS = ("once", "every")
"""Folders of an extension: what runs at CREATE EXTENSION only, and what may be run again."""


class SourceError(Exception):
    """The sources do not fit together; the message says where, one problem a line."""


@dataclass(frozen=True)
class Manifest:
    """What a ``manifest.toml`` lists: files in order, and (relation, WHERE clause) of what is dumped."""

    path: Path
    once: tuple[str, ...]
    every: tuple[str, ...]
    dump: tuple[tuple[str, str], ...]

    def files(self) -> tuple[tuple[str, str], ...]:
        """Return (kind, file name) of each file, in the order in which they run."""
        return tuple((kind, name) for kind in KINDS for name in getattr(self, kind))


@dataclass(frozen=True)
class Control:
    """What a control file says that the scripts depend on."""

    version: str
    requires: tuple[str, ...]


def read_manifest(root: Path, extension: str) -> Manifest:
    """Return the manifest of an extension, having checked that it names every source file exactly once."""
    folder = root.resolve() / "sql" / extension
    path = folder / "manifest.toml"
    given = read_toml(path)
    unknown = given.keys() - {*KINDS, "dump"}
    if unknown:
        raise SourceError(f"{path}: unknown keys {', '.join(sorted(unknown))}")
    listed = {kind: _strings(given.get(kind, []), path, kind) for kind in KINDS}
    problems = [problem for kind in KINDS for problem in _listing_problems(listed[kind], folder / kind)]
    if problems:
        raise SourceError("\n".join(f"{path}: {problem}" for problem in problems))
    return Manifest(path, listed["once"], listed["every"], _pairs(given.get("dump", []), path))


def read_control(root: Path, extension: str) -> Control:
    """Return the version and the requirements in ``<extension>.control``."""
    path = root / f"{extension}.control"
    values = {}
    for line in read_text(path).splitlines():
        key, found, value = line.partition("=")
        if found:
            values[key.strip()] = value.strip().strip("'")
    if "default_version" not in values:
        raise SourceError(f"{path}: default_version is missing")
    requires = tuple(part.strip() for part in values.get("requires", "").split(",") if part.strip())
    return Control(values["default_version"], requires)


def read_text(path: Path) -> str:
    """Return the text of a file, whatever its lines end with, with a newline each."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourceError(f"{path} is missing") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{path}: {error}") from None


def _listing_problems(listed: tuple[str, ...], folder: Path) -> list[str]:
    """Return what is wrong with a list of the files of a folder."""
    present = {file.name for file in folder.glob("*.sql")}
    return [
        *(f"{folder.name} lists {name} twice" for name in sorted({n for n in listed if listed.count(n) > 1})),
        *(f"{folder.name} lists {name}, which does not exist" for name in sorted(set(listed) - present)),
        *(f"{folder.name} does not list {name}" for name in sorted(present - set(listed))),
    ]


def _strings(value: Any, path: Path, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SourceError(f"{path}: {key} is a list of strings")
    return tuple(value)


def _pairs(value: Any, path: Path) -> tuple[tuple[str, str], ...]:
    pairs = (
        [_strings(item, path, "each entry of dump") for item in value] if isinstance(value, list) else [()]
    )
    if any(len(pair) != 2 for pair in pairs):
        raise SourceError(f"{path}: dump is a list of [relation, WHERE clause]")
    return tuple((pair[0], pair[1]) for pair in pairs)
