"""Joins the sources of each extension into the script that CREATE EXTENSION runs.

The same sources always give the same bytes.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pgflow_build import order
from pgflow_build.extension import Extension, read_extensions
from pgflow_build.manifest import SourceError
from pgflow_build.sources import SourceFile
from pgflow_build.templates import render
from pgflow_build.tokens import plain_create


def assemble(root: Path) -> dict[str, str]:
    """Return every generated file of ``build/`` by name, from the sources under ``root``.

    Raises SourceError if they do not fit together, with all that is wrong about their order.
    """
    extensions = read_extensions(root)
    findings = order.findings(extensions, root)
    if findings:
        raise SourceError("\n".join(map(str, findings)))
    files = {f"{e.name}--{e.control.version}.sql": install_script(e, extensions) for e in extensions}
    files["SHA256SUMS"] = _sums(files)
    return files


def install_script(extension: Extension, extensions: Sequence[Extension]) -> str:
    """Return the script that CREATE EXTENSION runs for one of our ``extensions``."""
    required = {e.name: e.control.version for e in extensions if e.name in extension.control.requires}
    return render(
        "install.sql.j2",
        name=extension.name,
        version=extension.control.version,
        guards=[
            {"name": name, "version": required[name]}
            for name in extension.control.requires
            if name in required
        ],
        sources=[
            {"label": _label(source), "text": plain_create(source).strip("\n")}
            for source in extension.sources
        ],
        dump=extension.manifest.dump,
        grants=extension.grants,
    )


def write(root: Path) -> list[str]:
    """Bring ``build/`` up to date; return the names of the files that changed."""
    build = root / "build"
    build.mkdir(exist_ok=True)
    files = assemble(root)
    changed = _differing(build, files)
    for name in changed:
        if name in files:
            (build / name).write_text(files[name], encoding="utf-8", newline="\n")
        else:
            (build / name).unlink()
    return changed


def stale(root: Path) -> list[str]:
    """Return the names of files of ``build/`` that are not as the sources give them, or missing, or extra."""
    return _differing(root / "build", assemble(root))


def _differing(build: Path, files: dict[str, str]) -> list[str]:
    wanted = {name: text.encode() for name, text in files.items()}
    present = {path.name: path.read_bytes() for path in build.iterdir()} if build.is_dir() else {}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def _sums(files: dict[str, str]) -> str:
    return "".join(f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files))


def _label(source: SourceFile) -> str:
    return f"{source.extension}/{source.kind}/{source.name}"
