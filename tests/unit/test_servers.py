"""The servers that everything else is tried on."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pgflow_build import binaries
from pgflow_build.binaries import Pin
from pgflow_build.processes import children, is_running
from pgflow_build.servers import Server

from tests.support.wait import until


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with Server("11", settings={"fsync": "off"}) as server:
        yield server


def test_takes_connections_over_tcp_and_socket(running: Server) -> None:
    with running.connect() as session:
        assert session.execute("SELECT inet_server_port()").fetchone() == (running.port,)
    with psycopg.connect(
        host=str(running.socket_dir), port=running.port, user="postgres", dbname="postgres"
    ) as session:
        assert session.execute("SELECT inet_server_port()").fetchone() == (None,)


def test_has_dblink_and_utf8_in_locale_c(running: Server) -> None:
    with running.connect(autocommit=False) as session:
        session.execute("CREATE EXTENSION dblink")
        found = session.execute(
            "SELECT current_setting('server_encoding'), current_setting('lc_messages')"
        ).fetchone()
        assert found == ("UTF8", "C")
        session.rollback()


def test_settings_win_over_defaults(running: Server) -> None:
    with running.connect() as session:
        assert session.execute("SHOW fsync").fetchone() == ("off",)
        assert session.execute("SHOW shared_buffers").fetchone() == ("128MB",)


def test_pg_config_answers_for_this_installation(running: Server) -> None:
    command = [str(running.pg_config), "--sharedir", "--version"]
    answers = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert answers == [str(running.sharedir), "PostgreSQL 11.22"]


def test_installs_for_itself_alone(running: Server, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(
        'install:\n\ttouch "$(shell $(PG_CONFIG) --sharedir)/extension/of_a_test"\n'
    )
    running.install(tmp_path)
    assert (running.sharedir / "extension/of_a_test").exists()
    other = Server("11")
    assert not (other.sharedir / "extension/of_a_test").exists()
    other.stop()


def test_restart_keeps_port_and_data(running: Server) -> None:
    port = running.port
    with running.connect() as session:
        session.execute("CREATE TABLE kept AS SELECT 1")
    running.restart()
    assert running.port == port
    with running.connect() as session:
        session.execute("DROP TABLE kept")


def test_kill9_leaves_no_process_and_data_that_recovers() -> None:
    with Server("18") as server:
        with server.connect() as session:
            session.execute("CREATE TABLE kept AS SELECT 1 AS a")
        processes = [server.pid, *children(server.pid)]
        assert len(processes) > 3
        server.kill9()
        assert not any(is_running(pid) for pid in processes)
        server.start()
        with server.connect() as session:
            assert session.execute("TABLE kept").fetchone() == (1,)


def test_stop_removes_what_was_temporary_and_keeps_a_given_data_directory() -> None:
    with tempfile.TemporaryDirectory() as given:
        Path(given).chmod(0o755)
        data = Path(given) / "data"
        server = Server("11", data=data).start()
        folder = server.folder
        server.stop()
        assert not folder.exists()
        assert (data / "PG_VERSION").exists()
        with Server("11", data=data) as again, again.connect() as session:
            assert session.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_server_ends_with_the_process_that_started_it(number: signal.Signals) -> None:
    script = """
        import time
        from pgflow_build.servers import Server
        server = Server("11").start()
        print(server.pid, server.folder, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid, folder = process.stdout.readline().split()
        process.send_signal(number)
    until(lambda: not is_running(int(pid)), what="the server has ended")
    until(lambda: not Path(folder).exists(), what="its folder is gone")


def test_refused_configuration_is_told() -> None:
    server = Server("11", settings={"max_connections": "none"})
    with pytest.raises(RuntimeError, match="max_connections"):
        server.start()
    server.stop()


def test_taken_port_is_told(running: Server) -> None:
    server = Server("11", port=running.port)
    with pytest.raises(RuntimeError, match="could not create any TCP/IP sockets"):
        server.start()
    server.stop()


def test_unknown_major_is_refused() -> None:
    with pytest.raises(ValueError, match="no PostgreSQL '9'"):
        Server("9").start()


def test_cache_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PGFLOW_CACHE", str(tmp_path))
    assert binaries.cache_folder() == tmp_path


def test_cache_of_an_ordinary_user_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PGFLOW_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert binaries.cache_folder() == tmp_path / "pgflow"


def test_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "package.tgz"
    file.write_bytes(b"something")
    binaries._verify(file, Pin("1", hashlib.sha256(b"something").hexdigest()))
    with pytest.raises(RuntimeError, match="not the pinned"):
        binaries._verify(file, Pin("1", "0" * 64))


def test_cache_is_filled_once_by_whoever_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PGFLOW_CACHE", str(tmp_path))
    calls = []

    def fetch(folder: Path) -> None:
        calls.append(folder)
        (folder / "file").write_text("")

    assert binaries._cached("thing", fetch) == binaries._cached("thing", fetch)
    assert len(calls) == 1
    assert (tmp_path / "postgres/thing/file").exists()


def test_failed_fetch_leaves_nothing_that_looks_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGFLOW_CACHE", str(tmp_path))

    def fetch(folder: Path) -> None:
        (folder / "half").write_text("")
        raise RuntimeError("the network is gone")

    with pytest.raises(RuntimeError, match="gone"):
        binaries._cached("thing", fetch)
    assert not (tmp_path / "postgres/thing").exists()
