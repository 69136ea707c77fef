"""Processes of servers: which user runs them, what they may reach, how a whole tree of them is ended."""

import contextlib
import os
import pwd
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerUser:
    """Who runs PostgreSQL: an unprivileged user when we are root, else ourselves."""

    uid: int
    gid: int
    prefix: tuple[str, ...]
    """What to put before a command so that this user runs it."""

    def give(self, path: Path) -> None:
        """Make the user the owner of ``path``."""
        if self.prefix:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Tell whether the user can reach ``folder``, whatever it may do there."""
        if not self.prefix:
            return folder.is_dir() and os.access(folder, os.X_OK)
        for part in (folder, *folder.parents):
            try:
                found = part.stat()
            except OSError:
                return False
            owner = found.st_uid == self.uid and found.st_mode & 0o100
            if not (owner or found.st_mode & 0o001):
                return False
        return True


def server_user() -> ServerUser:
    """Return the user for servers: PostgreSQL refuses root, so root becomes ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), ())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise RuntimeError(
            "PostgreSQL refuses to run as root, and setpriv (Debian package util-linux) is missing"
        )
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    command = (setpriv, "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--clear-groups")
    return ServerUser(entry.pw_uid, entry.pw_gid, command)


def is_running(pid: int) -> bool:
    """Tell whether the process exists and is no zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in ("Z", "X")


def children(pid: int) -> list[int]:
    """Return the ids of the processes that ``pid`` has started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


def kill_tree(pid: int, timeout: float = 10.0) -> None:
    """SIGKILL ``pid`` and its children at one stroke; wait up to ``timeout`` seconds until all are gone.

    All are stopped first: the process, so that it cannot start another child in between, and the
    children, so that none of them sees another one's end and cleans up, as nothing does when the power fails.
    """
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return
    victims = [pid, *children(pid)]
    for sign in (signal.SIGSTOP, signal.SIGKILL):
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, sign)
    deadline = time.monotonic() + timeout
    while any(is_running(victim) for victim in victims):
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {victims} outlive SIGKILL")
        time.sleep(0.01)
