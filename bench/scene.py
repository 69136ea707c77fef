"""A server with pgflow at work in it, and the same server as pgbench and dblink see it."""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from pgflow_build.binaries import binaries
from pgflow_build.servers import Server
from pgflow_cli.orchestrator import Orchestrator
from pgflow_cli.progress import ENDED, read
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.options import Options

DATABASE = "bench"
SLOTS = 16
"""Sessions at work at once, ours and pgbench's."""

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
WARM_UP = 2000
"""Steps that a new orchestrator runs before anything is measured."""

ROOMY = {"max_connections": "200"}
"""Some rows have three databases at work on one server."""

LITERAL = '\'(1,bench,{},work,"{""n"": 1}",1)\'::flow.callback_arguments_t'
CALL = f"CALL bench.write({LITERAL})"
"""What pgbench and dblink run: the callback of one row, with arguments like those that pgflow passes."""

PGBENCH = f"pgbench -c {SLOTS}, same CALL"

Nodes = list[dict[str, Any]]


@dataclass
class Scene:
    """One database with the orchestrator at work and a session of the measurer's own."""

    server: Server
    session: psycopg.Connection[Any]
    orchestrator: Orchestrator
    database: str = DATABASE

    @property
    def version(self) -> str:
        """The server's version."""
        return self.session.info.parameter_status("server_version") or ""

    # Flows

    def configure(self, flow: str, nodes: Nodes) -> None:
        """Configure a flow of these nodes."""
        self.session.execute("SELECT flow.configure_flow(%s, %s)", [flow, Jsonb({"nodes": nodes})])

    def run(self, flow: str, arguments: dict[str, Any] | None = None) -> tuple[int, datetime]:
        """Run the flow to its end; return its id and the server's clock just before it was started."""
        self.rest()
        flow_id, began = self.start(flow, arguments)
        self.wait(flow_id)
        return flow_id, began

    def start(self, flow: str, arguments: dict[str, Any] | None = None) -> tuple[int, datetime]:
        """Start a run; return its id and the server's clock just before."""
        row = self.session.execute(
            "SELECT flow.run_flow(%s, %s), statement_timestamp()", [flow, Jsonb(arguments or {})]
        ).fetchone()
        assert row is not None
        return row[0], row[1]

    def wait(self, flow_id: int, timeout: float = 300) -> None:
        """Return once the run has ended well; it is looked at seldom, so as not to be slowed by that."""
        deadline = time.monotonic() + timeout
        while True:
            began = time.monotonic()
            state = self.one("SELECT state FROM flow.v_flow_status WHERE flow_id = %s", flow_id)
            if state == "FINISHED":
                return
            self.orchestrator.check()
            if state in ENDED or time.monotonic() > deadline:
                now = read(self.session, flow_id)
                raise RuntimeError(f"not a run to measure: {now}; {now.error}")
            time.sleep(max(0.25, 20 * (time.monotonic() - began)))

    # What they did

    def one(self, query: str, *params: Any) -> Any:
        """Return the single value that the query gives."""
        row = self.session.execute(query, params).fetchone()
        assert row is not None
        return row[0]

    def seconds_until(self, moment: datetime, flow_id: int, node: str) -> float:
        """Return the seconds from the moment to the last row that the node's callback wrote."""
        at = self.one("SELECT max(at) FROM bench.done WHERE flow_id = %s AND node = %s", flow_id, node)
        return float((at - moment).total_seconds())

    def expect_steps(self, flow_id: int, wanted: int) -> None:
        """Refuse to measure what was not done exactly once: RuntimeError."""
        found = self.session.execute(
            "SELECT count(*), count(DISTINCT n) FROM bench.done WHERE flow_id = %s", [flow_id]
        ).fetchone()
        if found != (wanted, wanted):
            raise RuntimeError(f"{wanted} steps left {found} rows, different rows")

    def speed(self, steps: int) -> float:
        """Run that many one-row steps; return steps a second, from the call of run_flow to the last row."""
        flow_id, began = self.run("steps", {"steps": steps})
        self.expect_steps(flow_id, steps)
        return steps / self.seconds_until(began, flow_id, "work")

    # The machine without us

    def rest(self) -> None:
        """Give both sides the same start: no rows, no checkpoint due."""
        self.session.execute("TRUNCATE bench.done")
        self.session.execute("CHECKPOINT")

    def pgbench(self, transactions: int) -> float:
        """Return the transactions a second that ``pgbench -c 16`` reaches with CALL, over about so many."""
        self.rest()
        source = binaries("18-pypi")
        script = self.server.folder / "call.sql"
        script.write_text(f"{CALL};\n")
        options = ["-n", "-c", str(SLOTS), "-j", "2", "-t", str(max(1, transactions // SLOTS))]
        done = subprocess.run(
            [str(source.root / source.bin / "pgbench"), *options, "-f", str(script)],
            env={
                "PGHOST": str(self.server.socket_dir),
                "PGPORT": str(self.server.port),
                "PGUSER": "postgres",
                "PGDATABASE": self.database,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"^tps = ([0-9.]+) \(without initial connection time\)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not found:
            raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}".rstrip())
        return float(found.group(1))

    def round_trip(self, query: str, count: int) -> float:
        """Return the seconds of one synchronous dblink_exec of the query, over ``count`` of them."""
        return float(
            self.one("SELECT bench.round_trip(%s, %s, %s)", self.server.conninfo(self.database), query, count)
        )

    # The orchestrator

    def flush(self, when: str) -> None:
        """Have the work of tasks flushed with each task or with each batch; with another orchestrator."""
        with self.stopped():
            control = Jsonb({"control": {"flush": when}})
            self.session.execute("SELECT async.configure(%s)", [control])
        self.speed(WARM_UP)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Have no orchestrator for a while; another one is started after it."""
        self.orchestrator.stop()
        yield
        self.orchestrator = Orchestrator(self.server.conninfo(self.database)).__enter__()


@contextlib.contextmanager
def scene(major: str, settings: dict[str, str] | None = None) -> Iterator[Scene]:
    """Bring up a server of the major, with pgflow and its orchestrator in database bench."""
    with Server(major, settings={**DURABLE, **ROOMY, **(settings or {})}) as server:
        server.install()
        populate(server, DATABASE)
        with at_work(server, DATABASE) as made:
            warm_up(made)
            made.pgbench(WARM_UP)
            yield made


@contextlib.contextmanager
def another(where: Scene, name: str, options: Options) -> Iterator[Scene]:
    """Have one more database on the same server, with an orchestrator of its own, for a while."""
    populate(where.server, name)
    try:
        with at_work(where.server, name) as made:
            warm_up(made, options.count(WARM_UP))
            yield made
    finally:
        _drop(where.server, name)


def populate(server: Server, name: str) -> None:
    """Make a database with pgflow, the callbacks, and 16 slots."""
    with server.connect() as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with server.connect(name) as session:
        session.execute("CREATE EXTENSION pgflow_ui CASCADE")
        session.execute(Path(__file__).with_name("bench.sql").read_bytes())
        control = {"workers": SLOTS, "self_concurrency": SLOTS}
        session.execute("SELECT async.configure(%s)", [Jsonb({"control": control})])


@contextlib.contextmanager
def at_work(server: Server, name: str) -> Iterator[Scene]:
    """Run the orchestrator of that database, whichever it is by the end, and have a session in it."""
    with server.connect(name) as session, contextlib.ExitStack() as stack:
        made = Scene(server, session, Orchestrator(server.conninfo(name)).__enter__(), name)
        stack.push(lambda *how: made.orchestrator.__exit__(*how))
        yield made


def warm_up(where: Scene, steps: int = WARM_UP) -> None:
    """Open every slot and fill the caches with steps of the flow that speed() runs."""
    where.configure("steps", [node("work", routine="bench.push", step_routine="bench.write")])
    where.speed(steps)


def node(name: str, *parents: str, routine: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a node's configuration: on the server itself, empty unless it has a routine."""
    calls = {"routine": routine} if routine else {"empty": True}
    return {"node": name, "target": "self", "dependencies": [{"parent": p} for p in parents]} | calls | more


def _drop(server: Server, name: str) -> None:
    """Remove the database once the sessions that the orchestrator had there are gone."""
    deadline = time.monotonic() + 30
    with server.connect() as session:
        while True:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            try:
                session.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return
