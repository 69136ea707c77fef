"""PostgreSQL 15 as Debian 12 packages it, with extensions that check, profile and start our routines.

What is installed on the machine is used where it has all of them. Else the packages are fetched from the
sources that the machine's apt is set up with, and unpacked into a folder: nothing of the system is changed,
and nobody need be root. Libraries that the machine lacks are unpacked too, for `library_folders`.
"""

import os
import platform
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

MAJOR = "15-debian"
"""What it is called where majors are named: built with other options than the 15 from npm."""

BIN = "lib/postgresql/15/bin"
LIB = "lib/postgresql/15/lib"
SHARE = "share/postgresql/15"

EXTENSION_PACKAGES = {
    "plpgsql_check": "postgresql-15-plpgsql-check",
    "plprofiler": "postgresql-15-plprofiler",
    "pg_cron": "postgresql-15-cron",
}
"""The extensions that 15-debian has beside PostgreSQL's own, and the packages that hold them."""

PACKAGES = ("postgresql-15", "postgresql-client-15", *EXTENSION_PACKAGES.values())

TREE = f"debian-15-{sha256(' '.join(PACKAGES).encode()).hexdigest()[:8]}"
"""Name for a folder with what `fetch` unpacks; another one for other packages."""

_USEFUL = re.compile(r"postgresql-(client-)?15(-|$)|lib(?!c6$|c-|llvm|z3|.*-perl$)")
"""The packages to unpack: no second C library, which would not fit the machine's loader; no LLVM, which is
large and only compiles long queries; and none of the programs that look after installed servers."""

_CONFIGURATION = """\
Dir::State "{work}/state";
Dir::State::lists "{work}/state/lists";
Dir::Cache "{work}/cache";
Dir::Cache::archives "{work}/cache/archives";
Dir::Log "{work}";
APT::Sandbox::User "root";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


class NotAvailableError(RuntimeError):
    """Debian's PostgreSQL 15 cannot be had on a machine of this kind; the message says why."""


def installed(system: Path = Path("/usr")) -> Path | None:
    """Return ``system`` if PostgreSQL 15 with all of `EXTENSION_PACKAGES` is installed there, else None."""
    controls = [system / SHARE / "extension" / f"{name}.control" for name in EXTENSION_PACKAGES]
    wanted = [system / BIN / "postgres", system / BIN / "initdb", system / BIN / "psql", *controls]
    return system if all(path.exists() for path in wanted) else None


def library_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders of a tree's ``usr`` in which its programs must look for libraries; none for /usr."""
    if root == Path("/usr"):
        return ()
    places = [*root.glob("lib/*-linux-gnu"), *root.parent.glob("lib/*-linux-gnu")]
    return tuple(sorted(place for place in places if place.is_dir()))


def fetch(folder: Path) -> None:
    """Unpack Debian's newest packages into ``folder``, with the libraries that the machine lacks.

    The programs are then under ``folder/usr``. Raises NotAvailableError, or RuntimeError with what went
    wrong and what to do about it.
    """
    _assert_debian_12()
    work = folder.with_name(f"{folder.name}.apt")
    for place in ("state/lists/partial", "cache/archives/partial", "packages"):
        (work / place).mkdir(parents=True)
    (work / "apt.conf").write_text(_CONFIGURATION.format(work=work))
    try:
        _apt(work, "update")
        _apt(work, "download", *_needed(_apt(work, *_SIMULATION, *PACKAGES)))
        for package in sorted((work / "packages").glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(folder)], work)
    finally:
        shutil.rmtree(work)
    _drop_compiler(folder / "usr")
    _assert_runs(folder / "usr")


_SIMULATION = ("--simulate", "--reinstall", "--no-install-recommends", "--assume-yes", "install")


def _assert_debian_12() -> None:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        name = release.get("PRETTY_NAME", "no known Linux")
        raise NotAvailableError(f"{MAJOR} is not available here: this is {name}, not Debian 12")
    missing = [program for program in ("apt-get", "dpkg-deb") if shutil.which(program) is None]
    if missing:
        raise NotAvailableError(f"{MAJOR} is not available here: there is no {' and no '.join(missing)}")


def _needed(simulation: str) -> list[str]:
    """Return ``name=version`` of each package worth unpacking, from what apt says that it would install."""
    planned = dict(re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ", simulation, re.MULTILINE))
    if "tzdata" in planned:
        raise RuntimeError(
            "Debian's PostgreSQL 15 reads the machine's time zones: install the package tzdata (as root: "
            "apt-get install tzdata)"
        )
    return [f"{name}={version}" for name, version in planned.items() if _USEFUL.match(name)]


def _drop_compiler(root: Path) -> None:
    """Remove the module that compiles queries where its library is missing: PostgreSQL then does without."""
    module = root / LIB / "llvmjit.so"
    if module.exists() and "not found" in _run(["ldd", str(module)], root):
        module.unlink()


def _assert_runs(root: Path) -> None:
    libraries = ":".join(map(str, library_folders(root)))
    for program in ("postgres", "initdb", "psql"):
        _run([str(root / BIN / program), "--version"], root, LD_LIBRARY_PATH=libraries)


def _apt(work: Path, *arguments: str) -> str:
    return _run(["apt-get", f"--config-file={work / 'apt.conf'}", "--quiet", *arguments], work / "packages")


def _run(command: list[str], folder: Path, **variables: str) -> str:
    environment = {**os.environ, "LC_ALL": "C", **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        advice = f"let apt reach its sources, or install as root: apt-get install {' '.join(PACKAGES)}"
        said = f"{done.stdout}{done.stderr}".rstrip()
        raise RuntimeError(
            f"cannot get Debian's PostgreSQL 15: {advice}\n{' '.join(command)} failed:\n{said}"
        )
    return done.stdout
