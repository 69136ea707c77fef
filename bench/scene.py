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
from psycopg.types.json import Jsonb

DATABASE = "bench"
SLOTS = 16
"""Sessions at work at once, ours and pgbench's."""

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
LITERAL = '\'(1,bench,{},work,"{""n"": 1}",1)\'::flow.callback_arguments_t'
CALL = f"CALL bench.write({LITERAL})"
"""What pgbench and dblink run: the callback of one row, with arguments like those that pgflow passes."""

Nodes = list[dict[str, Any]]


@dataclass
class Scene:
    """One database with the orchestrator at work and a session of the measurer's own."""

    server: Server
    session: psycopg.Connection[Any]
    orchestrator: Orchestrator

    @property
    def version(self) -> str:
        """The server's version."""
        return self.session.info.parameter_status("server_version") or ""

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

    def one(self, query: str, *params: Any) -> Any:
        """Return the single value that the query gives."""
        row = self.session.execute(query, params).fetchone()
        assert row is not None
        return row[0]

    def seconds_until(self, moment: datetime, flow_id: int, node: str) -> float:
        """Return the seconds from the moment to the last row that the node's callback wrote."""
        at = self.one("SELECT max(at) FROM bench.done WHERE flow_id = %s AND node = %s", flow_id, node)
        return float((at - moment).total_seconds())

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
                "PGDATABASE": DATABASE,
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
            self.one("SELECT bench.round_trip(%s, %s, %s)", self.server.conninfo(DATABASE), query, count)
        )


@contextlib.contextmanager
def scene(major: str, settings: dict[str, str] | None = None) -> Iterator[Scene]:
    """Bring up a server of the major, with pgflow and its orchestrator in database bench."""
    with Server(major, settings={**DURABLE, **(settings or {})}) as server:
        server.install()
        with server.connect() as session:
            session.execute(f"CREATE DATABASE {DATABASE}")
        with server.connect(DATABASE) as session:
            session.execute("CREATE EXTENSION pgflow_ui CASCADE")
            session.execute(Path(__file__).with_name("bench.sql").read_bytes())
            session.execute(
                "SELECT async.configure(%s)",
                [Jsonb({"control": {"workers": SLOTS, "self_concurrency": SLOTS}})],
            )
            with Orchestrator(server.conninfo(DATABASE)) as orchestrator:
                made = Scene(server, session, orchestrator)
                _warm_up(made)
                yield made


def node(name: str, *parents: str, routine: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a node's configuration: on the server itself, empty unless it has a routine."""
    calls = {"routine": routine} if routine else {"empty": True}
    return {"node": name, "target": "self", "dependencies": [{"parent": p} for p in parents]} | calls | more


def _warm_up(scene: Scene) -> None:
    """Open every slot and fill the caches, on both sides."""
    scene.configure("warm_up", [node("work", routine="bench.push", step_routine="bench.write")])
    scene.run("warm_up", {"steps": 2000})
    scene.pgbench(2000)
