"""A streaming standby of a server, made from a copy of its files, to be promoted when the primary is gone."""

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

from pgflow_build.processes import server_user
from pgflow_build.servers import Server
from psycopg.conninfo import make_conninfo

from tests.support.wait import until

NAME = "standby"
"""The application_name under which it streams."""

NOT_COPIED = ("postmaster.pid", "postmaster.opts")


class Standby:
    """A standby that streams from ``primary``, over another port of 127.0.0.1 if one is given."""

    def __init__(self, primary: Server, port: int | None = None) -> None:
        self.primary = primary
        number = int(primary.major.partition("-")[0])
        source = make_conninfo(
            host="127.0.0.1", port=port or primary.port, user="postgres", application_name=NAME
        )
        streaming = {"primary_conninfo": source} if number >= 12 else {}
        self.server = Server(primary.major, settings=primary.settings | streaming)
        data = self.server.data
        _copy(primary, data, number)
        if number >= 12:
            (data / "standby.signal").touch()
        else:
            (data / "recovery.conf").write_text(
                f"standby_mode = 'on'\nprimary_conninfo = '{source}'\nrecovery_target_timeline = 'latest'\n"
            )
        _give_all(data)
        self.server.install()
        self.server.start()
        until(self.is_streaming, what="the standby streams")

    def is_streaming(self) -> bool:
        """Tell whether it follows the primary, as far as that knows."""
        return bool(self._ask_primary("SELECT state = 'streaming' FROM pg_stat_replication"))

    def make_synchronous(self) -> None:
        """Have every commit on the primary wait for the standby."""
        with self.primary.connect() as session:
            session.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'")
            session.execute("SELECT pg_reload_conf()")
        until(
            lambda: self._ask_primary("SELECT sync_state = 'sync' FROM pg_stat_replication"),
            what="the standby is synchronous",
        )

    def catch_up(self) -> None:
        """Wait until all that has been written on the primary up to now is applied here."""
        lsn = self._ask_primary("SELECT pg_current_wal_lsn()")
        with self.server.connect() as session:
            behind = "SELECT pg_last_wal_replay_lsn() < %s::PG_LSN"
            until(lambda: session.execute(behind, [lsn]).fetchone() == (False,), what="the standby caught up")

    def promote(self) -> None:
        """Make it a primary; return when it takes writes."""
        command = [*server_user().prefix, str(self.server.bindir / "pg_ctl"), "promote", "-D"]
        subprocess.run([*command, str(self.server.data)], check=True, capture_output=True, cwd="/")
        with self.server.connect() as session:
            until(
                lambda: session.execute("SELECT pg_is_in_recovery()").fetchone() == (False,),
                timeout=60,
                what="the standby is promoted",
            )

    def close(self) -> None:
        """Stop it and remove its files."""
        self.server.stop("immediate")

    def _ask_primary(self, query: str) -> Any:
        with self.primary.connect() as session:
            row = session.execute(query.encode()).fetchone()
        return row[0] if row else None


def wait_for_no_standby(primary: Server) -> None:
    """Have commits on a primary wait for no standby any more."""
    with primary.connect() as session:
        session.execute("ALTER SYSTEM RESET synchronous_standby_names")
        session.execute("SELECT pg_reload_conf()")

        def is_heeded() -> bool:
            with primary.connect() as fresh:
                return fresh.execute("SHOW synchronous_standby_names").fetchone() == ("",)

        until(is_heeded, what="commits wait for no standby")


def _copy(primary: Server, data: Path, number: int) -> None:
    """Copy the files of the running ``primary``, of that major, to ``data``, as a base backup does."""
    old = number < 15
    start = "pg_start_backup('standby', true, false)" if old else "pg_backup_start('standby', true)"
    stop = "pg_stop_backup(false, false)" if old else "pg_backup_stop(false)"
    with primary.connect() as session:
        session.execute(f"SELECT {start}".encode())
        _copy_folder(primary.data, data)
        row = session.execute(f"SELECT labelfile FROM {stop}".encode()).fetchone()
    assert row is not None
    (data / "backup_label").write_text(row[0])


def _copy_folder(source: Path, target: Path) -> None:
    """Copy a folder whose files may vanish meanwhile."""
    target.mkdir(mode=0o700)
    for entry in source.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if entry.is_dir() and not entry.is_symlink():
                if entry.name == "pg_replslot":
                    (target / entry.name).mkdir(mode=0o700)
                else:
                    _copy_folder(entry, target / entry.name)
            elif entry.name not in NOT_COPIED:
                shutil.copy2(entry, target / entry.name, follow_symlinks=False)


def _give_all(folder: Path) -> None:
    """Make the server's user the owner of all that is in ``folder``."""
    user = server_user()
    for path in (folder, *folder.rglob("*")):
        user.give(path)
