"""How targets are reached: by conninfo, service and foreign server, and who gets to see the secret."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pgflow_build.processes import server_user

from tests.model import work
from tests.server.test_tasks import configure, end, push
from tests.support.database import CLIENT_EXTENSION, SERVER_EXTENSION, create_with_extension
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

SECRET = "hunter-2 'quoted' \\ too"
QUOTED = "'hunter-2 \\'quoted\\' \\\\ too'"


class Scene:
    """A server and, on another PostgreSQL that asks for a password, a client."""

    def __init__(self, make_server: Any, major: str, folder: Path) -> None:
        self.folder = folder
        environment = {"PGSERVICEFILE": str(folder / "services")}
        self.db = create_with_extension(make_server(major, environment=environment), SERVER_EXTENSION)
        self.far = create_with_extension(make_server(major), CLIENT_EXTENSION)
        self.far.execute("SET password_encryption = 'scram-sha-256'")
        self.far.execute(f"CREATE ROLE worker SUPERUSER LOGIN PASSWORD $${SECRET}$$")
        hba = self.far.server.data / "pg_hba.conf"
        hba.write_text("host all worker all scram-sha-256\n" + hba.read_text())
        self.far.execute("SELECT pg_reload_conf()")
        until(self.asks_for_password, what="the server to ask for a password")
        for database in (self.db, self.far):  # for sessions to come, not for those of the test
            database.execute("SELECT 1")
            database.execute(f"ALTER DATABASE {database.name} SET log_statement = 'all'")
        self.orchestrator = Orchestrator(self.db).start()

    def asks_for_password(self) -> bool:
        try:
            psycopg.connect(self.far.server.conninfo(self.far.name, "worker")).close()
        except psycopg.OperationalError:
            return True
        return False

    @property
    def place(self) -> str:
        """The client's address, without a user."""
        return f"host={self.far.server.host} port={self.far.server.port} dbname={self.far.name}"

    def write(self, name: str, text: str) -> Path:
        """Write a file that only the server's user may read, as libpq wants it."""
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o600)
        server_user().give(file)
        return file

    def foreign_server(
        self, name: str, mapping: str | None, wrapper: str = "dblink_fdw", more: str = ""
    ) -> None:
        self.db.execute(
            f"CREATE SERVER {name} FOREIGN DATA WRAPPER {wrapper} OPTIONS (host '{self.far.server.host}',"
            f" port '{self.far.server.port}', dbname '{self.far.name}'{more})"
        )
        if mapping is not None:
            self.db.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER {name} OPTIONS ({mapping})")

    def add(self, target: str, connection_string: str, **more: Any) -> None:
        configure(self.db, targets=[{"target": target, "connection_string": connection_string} | more])

    def log(self) -> list[str]:
        return [message for (message,) in self.db.execute("SELECT message FROM async.log_entry")]

    def assert_secret_is_kept(self) -> None:
        """Neither our tables nor sessions, log files or log entries have it."""
        for database in (self.db, self.far):
            for (table,) in database.execute(
                """SELECT c.oid::REGCLASS::TEXT FROM pg_class c
                   WHERE c.relnamespace IN ('async'::REGNAMESPACE, 'flow'::REGNAMESPACE)
                     AND c.relkind IN ('r', 'v')"""
            ):
                for (row,) in database.execute(f"SELECT t::TEXT FROM {table} t"):
                    assert "hunter" not in row, table
            for (query,) in database.execute(
                "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            ):
                assert "hunter" not in query
            assert "hunter" not in database.server.log.read_text()


@pytest.fixture
def scene(make_server: Any, major: str) -> Any:
    with tempfile.TemporaryDirectory(prefix="pgflow-reach-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        made = Scene(make_server, major, folder)
        yield made
        made.orchestrator.stop()


def test_every_way_to_reach_a_target(scene: Scene) -> None:
    """The same flow runs by each, with the engine's settings and those that are configured."""
    passes = scene.write("passes", "*:*:*:worker:" + SECRET.replace("\\", "\\\\") + "\n")
    scene.write(
        "services",
        f"[far]\nhost={scene.far.server.host}\nport={scene.far.server.port}\ndbname={scene.far.name}\n"
        f"user=worker\npassfile={passes}\n",
    )
    scene.db.execute("CREATE EXTENSION postgres_fdw")
    mapping = "user 'worker', password " + "E'hunter-2 \\'quoted\\' \\\\ too'"
    with_options = ["conninfo"]
    try:
        scene.foreign_server("by_dblink", mapping, more=", options '-c search_path=work,public'")
        with_options.append("dblink")
    except psycopg.errors.FdwOptionNameNotFound:  # dblink_fdw of PostgreSQL 11 does not know it
        scene.foreign_server("by_dblink", mapping)
    scene.foreign_server(
        "by_postgres", mapping, "postgres_fdw", ", fetch_size '7', use_remote_estimate 'true'"
    )
    ways = {
        "conninfo": f"{scene.place} user=worker passfile={passes} options='-c search_path=work,public'",
        "service": "service=far",
        "dblink": "by_dblink",
        "postgres": "by_postgres",
    }
    work.prepare(scene.db, scene.far)
    for name, connection_string in ways.items():
        scene.add(name, connection_string)
        nodes = [
            {
                "node": "a",
                "target": name,
                "routine": "work.run",
                "steps": [{"step": str(n)} for n in range(50)],
            }
        ]
        work.configure(scene.db, name, {"nodes": nodes})
        flow_id = work.run(scene.db, name, {})
        assert wait_run(scene.db, flow_id) == "FINISHED", name
        assert scene.far.value("SELECT count(*) FROM work.done WHERE flow_id = %s", (flow_id,)) == 51
        wanted = ("current_setting('client_min_messages')", "current_setting('search_path')", "session_user")
        settings = f"concat_ws(' ', {', '.join(wanted)})"
        scene.far.execute(f"CREATE TABLE {name} (settings TEXT)")
        assert end(scene.db, push(scene.db, f"INSERT INTO public.{name} SELECT {settings}", name)) == [
            "FINISHED"
        ]
        path = "work,public" if name in with_options else '"$user", public'
        assert scene.far.value(f"SELECT settings FROM public.{name}") == f"error {path} worker"
    scene.assert_secret_is_kept()


def test_a_foreign_server_without_the_right_mapping(scene: Scene) -> None:
    """Its tasks wait, and the log says why, without the secret; others go on. The mapping alone mends it."""
    scene.foreign_server("far", None)
    scene.add("far", "far")
    waits = push(scene.db, "SELECT 1", "far")
    until(lambda: any("has no user mapping" in line for line in scene.log()), what="the log to say why")
    assert end(scene.db, push(scene.db, "SELECT 1")) == ["FINISHED"]
    scene.db.execute(
        "CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'worker', password 'hunter-3')"
    )
    scene.add("other", "far")
    also = push(scene.db, "SELECT 1", "other")
    until(
        lambda: any("password authentication failed" in line for line in scene.log()),
        what="the log to say why",
    )
    scene.assert_secret_is_kept()
    scene.db.execute(
        "ALTER USER MAPPING FOR CURRENT_USER SERVER far"
        " OPTIONS (SET password E'hunter-2 \\'quoted\\' \\\\ too')"
    )
    assert end(scene.db, waits, also, timeout=60) == ["FINISHED"] * 2
    assert not any("hunter" in line for line in scene.log())


def test_a_password_that_is_insisted_on_is_not_shown(scene: Scene) -> None:
    """In no view, query or log; the table that holds it is for those who configure."""
    connection_string = f"{scene.place} user=worker password={QUOTED}"
    with pytest.raises(psycopg.Error, match="not valid"):
        scene.add("far", connection_string)
    scene.add("far", connection_string, allow_password=True)
    assert end(scene.db, push(scene.db, "SELECT 1", "far")) == ["FINISHED"]
    wrong = connection_string.replace("too", "wrong")
    scene.add("wrong", wrong, allow_password=True)
    push(scene.db, "SELECT 1", "wrong")
    until(
        lambda: any("password authentication failed" in line for line in scene.log()),
        what="the log to say why",
    )
    scene.db.execute(
        "UPDATE async.target SET connection_string = NULL, enabled = false WHERE target <> 'self'"
    )
    scene.assert_secret_is_kept()


def test_a_client_reaches_its_server_without_showing_a_password(scene: Scene) -> None:
    """Nor what it calls: here the server asks for the password."""
    home = create_with_extension(scene.far.server, SERVER_EXTENSION)
    place = f"host={home.server.host} port={home.server.port} dbname={home.name} user=worker"
    secret = f"{place} password={QUOTED}"
    with pytest.raises(psycopg.Error) as caught:
        scene.far.execute("SELECT async.server(%s)", (secret,))
    assert caught.value.sqlstate == "22023"
    assert "hunter" not in str(caught.value)
    assert scene.far.value("SELECT async.server(%s, true)", (secret,)) == f"{place} password=***"
    assert scene.far.value("SELECT async.server()") == f"{place} password=***"
    assert scene.far.value("SELECT async.push_task(async.task('SELECT 1', 'self'))") == 1
    with pytest.raises(psycopg.Error) as caught:
        scene.far.execute("SELECT async.push_task(async.task('SELECT 1', 'nowhere'))")
    assert caught.value.sqlstate == "PF007"
    assert "hunter" not in str(caught.value)
    uri = scene.far.value("SELECT async.server('postgresql://worker:hunter@far/db', true)")
    assert uri == "postgresql://worker:***@far/db"


def test_a_client_whose_server_is_a_client(client_db: Any) -> None:
    """Even itself: that is an error, and asks nobody for ever."""
    client_db.execute("SELECT async.server(%s)", (client_db.conninfo,))
    with pytest.raises(psycopg.Error, match="is a client itself") as caught:
        client_db.execute("SELECT async.push_task(async.task('SELECT 1', 'self'))")
    assert caught.value.sqlstate == "PF008"
