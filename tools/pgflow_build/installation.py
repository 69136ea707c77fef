"""An installation of PostgreSQL of a server's own, made of links to the cached one.

Its folder for extensions is real, so that `make install` changes nothing for any other server: two work
trees, or two versions of pgflow, can be tried at the same time.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pgflow_build.binaries import Binaries

_PG_CONFIG = """\
#!/bin/sh
# Answers for the installation beside which it lies.
root={root}
for option; do
    case $option in
        --bindir) echo "$root/{bin}" ;;
        --libdir | --pkglibdir) echo "$root/{pkglib}" ;;
        --sharedir) echo "$root/{share}" ;;
        --pgxs) echo "$root/{pkglib}/pgxs/src/makefiles/pgxs.mk" ;;
        --version) "$root/{bin}/postgres" --version | sed 's/^postgres (PostgreSQL)/PostgreSQL/' ;;
        *) echo "pg_config: cannot answer $option" >&2; exit 1 ;;
    esac
done
"""


@dataclass(frozen=True)
class Installation:
    """Where the parts of one installation are."""

    bindir: Path
    sharedir: Path
    pg_config: Path


def lay_out(source: Binaries, root: Path) -> Installation:
    """Make the installation under ``root``, with the layout of ``source``.

    PostgreSQL finds its files relative to its resolved program, so the programs are hard links (or copies,
    where links are not possible) and all else is symbolic links.
    """
    bindir, sharedir = root / source.bin, root / source.share
    bindir.mkdir(parents=True)
    for program in (source.root / source.bin).iterdir():
        _same_file(program.resolve(), bindir / program.name)
    for folder in (source.lib, *source.links):
        (root / folder).parent.mkdir(parents=True, exist_ok=True)
        (root / folder).symlink_to(source.root / folder)
    (sharedir / "extension").mkdir(parents=True)
    for entry in (source.root / source.share).iterdir():
        if entry.name != "extension":
            (sharedir / entry.name).symlink_to(entry)
    for entry in (source.root / source.share / "extension").iterdir():
        (sharedir / "extension" / entry.name).symlink_to(entry)
    return Installation(bindir, sharedir, _pg_config(source, root))


def _same_file(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def _pg_config(source: Binaries, root: Path) -> Path:
    """Return the installation's pg_config: its own program, or a script where the package has none."""
    path = root / source.bin / "pg_config"
    if not path.exists():
        nested = f"{source.lib}/postgresql"
        pkglib = nested if (source.root / nested).is_dir() else source.lib
        path.write_text(
            _PG_CONFIG.format(root=f"'{root}'", bin=source.bin, share=source.share, pkglib=pkglib)
        )
        path.chmod(0o755)
    return path
