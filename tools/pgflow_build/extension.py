"""An extension as its sources describe it."""

from dataclasses import dataclass
from pathlib import Path

from pgflow_build.grants import read_grants
from pgflow_build.manifest import EXTENSIONS, Control, Manifest, read_control, read_manifest
from pgflow_build.sources import SourceFile, read_extension


@dataclass(frozen=True)
class Extension:
    """All that the script of an extension is made of; ``grants`` are statements without semicolons."""

    name: str
    control: Control
    manifest: Manifest
    sources: tuple[SourceFile, ...]
    grants: tuple[str, ...]


def read_extensions(root: Path) -> tuple[Extension, ...]:
    """Return our extensions, each after those that it requires, from the sources under ``root``."""
    return tuple(
        Extension(
            name,
            read_control(root, name),
            read_manifest(root, name),
            read_extension(root, name),
            read_grants(root.resolve() / "sql" / name / "grants.toml"),
        )
        for name in EXTENSIONS
    )
