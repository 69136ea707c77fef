"""Checks META.json: against the PGXN Meta Spec 1.0.0, and against what the distribution says elsewhere.

The specification is in ``meta.schema.json``. Elsewhere: the control files, the files that META.json names,
CHANGELOG.md, whose newest entry is the version, and pyproject.toml.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from pgflow_build.finding import Finding
from pgflow_build.manifest import Control, read_control, read_text, read_toml

RULE = "meta"

_SCHEMA = Path(__file__).parent / "meta.schema.json"
_ENTRY = re.compile(r"^## (\S+)", re.MULTILINE)

Keys = tuple[str | int, ...]
"""Where a value stands in META.json: keys of maps and places in lists, from the outside in."""


def run(root: Path) -> list[Finding]:
    """Return all that is wrong with ``META.json`` under ``root``, and all that does not agree with it."""
    text = read_text(root / "META.json")
    try:
        meta = json.loads(text)
    except json.JSONDecodeError as error:
        return [Finding("META.json", error.lineno, RULE, error.msg)]
    controls = {path.stem: read_control(root, path.stem) for path in sorted(root.glob("*.control"))}
    problems = [
        *_against_specification(meta),
        *_against_controls(_map(_map(meta).get("provides")), controls),
        *_against_requirements(meta, controls),
        *_against_files(_map(_map(meta).get("provides")), root),
        *_against_versions(_map(meta).get("version"), root),
    ]
    findings = [Finding("META.json", _line(text, keys), RULE, message) for keys, message in problems]
    return sorted(set(findings))


def three_parts(version: str) -> str:
    """Return an extension's version in the form of META.json: 1.0 is 1.0.0 there."""
    return version + ".0" * (2 - version.count("."))


def _against_specification(meta: Any) -> Iterator[tuple[Keys, str]]:
    schema = json.loads(read_text(_SCHEMA))
    for error in Draft202012Validator(schema).iter_errors(meta):
        keys = tuple(error.absolute_path)
        yield keys, f"{'.'.join(map(str, keys)) or 'META.json'}: {_said(error)}"


def _said(error: ValidationError) -> str:
    """Return what is wrong with a value: by the words of the specification, where it has some for it."""
    wanted = error.schema.get("description") if isinstance(error.schema, dict) else None
    return f"{json.dumps(error.instance, ensure_ascii=False)} is not {wanted}" if wanted else error.message


def _against_controls(provides: dict[str, Any], controls: dict[str, Control]) -> Iterator[tuple[Keys, str]]:
    """Yield extensions that only one side knows, and versions and script names that differ."""
    for name in sorted(provides.keys() - controls.keys()):
        yield ("provides", name), f"provides {name}, but there is no {name}.control"
    for name in sorted(controls.keys() - provides.keys()):
        yield ("provides",), f"does not provide {name}, but there is {name}.control"
    for name in sorted(controls.keys() & provides.keys()):
        control, entry = controls[name], _map(provides[name])
        version = three_parts(control.version)
        if entry.get("version") != version:
            message = (
                f"{name} has version {entry.get('version')}; {name}.control says {control.version}: {version}"
            )
            yield ("provides", name, "version"), message
        script = f"build/{name}--{control.version}.sql"
        if entry.get("file") != script:
            yield ("provides", name, "file"), f"the script of {name} is {script}, not {entry.get('file')}"


def _against_requirements(meta: Any, controls: dict[str, Control]) -> Iterator[tuple[Keys, str]]:
    """Yield extensions of others that ours require and META.json does not ask for."""
    runtime = _map(_map(_map(meta).get("prereqs")).get("runtime"))
    outside = {name for control in controls.values() for name in control.requires} - controls.keys()
    for name in sorted(outside - _map(runtime.get("requires")).keys()):
        yield (
            ("prereqs", "runtime", "requires"),
            f"prereqs.runtime.requires lacks {name}, which a control file requires",
        )


def _against_files(provides: dict[str, Any], root: Path) -> Iterator[tuple[Keys, str]]:
    for name, entry in provides.items():
        for key in ("file", "docfile"):
            path = _map(entry).get(key)
            if isinstance(path, str) and not (root / path).is_file():
                yield ("provides", name, key), f"{key} of {name} does not exist: {path}"


def _against_versions(version: Any, root: Path) -> Iterator[tuple[Keys, str]]:
    """Yield what states another version of the distribution."""
    entries = _ENTRY.findall(read_text(root / "CHANGELOG.md"))
    newest = three_parts(entries[0]) if entries else "nothing"
    if newest != version:
        yield ("version",), f"version is {version}, the newest entry of CHANGELOG.md is {newest}"
    project = _map(read_toml(root / "pyproject.toml").get("project")).get("version")
    if project != version:
        yield ("version",), f"version is {version}, pyproject.toml says {project}"


def _map(value: Any) -> dict[str, Any]:
    """Return a map as it is, and an empty one for what is none: the specification complains about that."""
    return value if isinstance(value, dict) else {}


def _line(text: str, keys: Iterable[str | int]) -> int:
    """Return the line of the last of these keys that can be found, each behind the one before it."""
    place = 0
    for key in keys:
        found = re.compile(rf"{re.escape(json.dumps(key))}\s*:").search(text, place)
        place = found.start() if found else place
    return text.count("\n", 0, place) + 1
