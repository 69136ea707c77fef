"""A disk of a few megabytes that can be filled up, and room made again."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Self

from pgflow_build.processes import server_user


class SmallDisk:
    """A file system in memory, mounted on ``folder``, which is made.

    Raises PermissionError where we may not mount.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        folder.mkdir(mode=0o755)
        options = f"size={megabytes}m,mode=0755"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PermissionError(done.stderr.strip() or "mount failed")

    def space(self, name: str) -> Path:
        """Make a folder on the disk that the server may use as a tablespace."""
        made = self.folder / name
        made.mkdir(mode=0o700)
        server_user().give(made)
        return made

    def fill(self, leave: int = 0) -> None:
        """Take all room but ``leave`` bytes."""
        with self._ballast.open("ab") as file:
            while (free := self.free() - leave) > 0:
                try:
                    os.posix_fallocate(file.fileno(), file.tell(), free)
                    file.seek(0, os.SEEK_END)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self) -> int:
        """Return how many bytes are free."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def make_room(self) -> None:
        """Give back what fill() took."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount; whoever has files open there goes on with them."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
