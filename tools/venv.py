"""Makes .venv with the pinned packages that build and test pgflow; `make` runs it with the system's Python.

It does nothing when .venv is up to date. Any Python 3 must be able to read it, to be told that it is too old.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
STAMP = VENV / "pgflow-stamp"


def main() -> None:
    """Bring .venv up to date, or say what is missing for it."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"pgflow's tools need Python 3.11 or later; {sys.executable} is {sys.version.split()[0]}. "
            "Name another one: make PYTHON=/path/to/python"
        )
    project = ROOT / "pyproject.toml"
    with project.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        packages = _pinned(handle.read().decode())
        stamp = hashlib.sha256("\n".join([sys.version, str(ROOT), *packages]).encode()).hexdigest()
        if STAMP.exists() and STAMP.read_text() == stamp:
            return
        print("installing the tools into .venv", flush=True)
        _make_venv()
        options = ["--quiet", "--disable-pip-version-check"]
        _run(str(PYTHON), "-m", "pip", "install", *options, *packages)
        _make_importable()
        STAMP.write_text(stamp)


def _pinned(project: str) -> "list[str]":
    import tomllib  # not at the top: older Pythons lack it and must get as far as main()

    packages: list[str] = tomllib.loads(project)["dependency-groups"]["dev"]
    return packages


def _make_venv() -> None:
    """Make the environment unless a working one of the same Python is there."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        sys.exit(
            "this Python cannot make virtual environments: its module ensurepip is missing. "
            f"On Debian and Ubuntu: apt-get install python3.{sys.version_info.minor}-venv"
        )
    probe = [str(PYTHON), "-c", "import pip, sys; print(sys.version)"]
    try:
        found = subprocess.run(probe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        found = None
    if found != sys.version:
        _run(sys.executable, "-I", "-m", "venv", "--clear", str(VENV))


def _make_importable() -> None:
    """Let the environment's Python import the packages under tools/, as they are in the work tree."""
    command = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    Path(packages, "pgflow-tools.pth").write_text(f"{ROOT / 'tools'}\n")


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")


if __name__ == "__main__":
    main()
