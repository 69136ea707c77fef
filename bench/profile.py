"""``python -m bench.profile``: which functions of ours the time of a run of many steps goes to."""

import argparse
from typing import Any

from pgflow_cli.orchestrator import Orchestrator
from rich.console import Console
from rich.table import Table

from bench.scene import DATABASE, Scene, node, scene

QUERY = """
SELECT schemaname || '.' || funcname, calls, self_time, total_time
FROM pg_stat_user_functions
WHERE schemaname IN ('async', 'flow', 'bench') AND calls > 0
ORDER BY self_time DESC
"""


def profile(where: Scene, steps: int) -> list[tuple[Any, ...]]:
    """Run that many one-row steps; return name, calls, self and total milliseconds of each function.

    A session adds up what it has called only when it is done, so the orchestrator is one for this run alone.
    """
    where.configure("profile", [node("work", routine="bench.push", step_routine="bench.write")])
    where.orchestrator.stop()
    where.session.execute("SELECT pg_sleep(1)")  # until the sessions of the warm-up have told theirs
    where.session.execute("SELECT pg_stat_reset()")
    with Orchestrator(where.server.conninfo(DATABASE)) as orchestrator:
        Scene(where.server, where.session, orchestrator).run("profile", {"steps": steps})
    where.session.execute("SELECT pg_sleep(1)")
    return where.session.execute(QUERY).fetchall()


def main() -> None:
    """Print the table for the server and the number of steps that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--major", default="18")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--functions", type=int, default=40, help="how many to print (default: %(default)s)")
    chosen = parser.parse_args()
    with scene(chosen.major, {"track_functions": "all"}) as where:
        found = profile(where, chosen.steps)
        version = where.version
    table = Table(title=f"PostgreSQL {version}, {chosen.steps:,} steps")
    table.add_column("function")
    for title in ("calls", "self ms", "total ms"):
        table.add_column(title, justify="right")
    for name, calls, own, total in found[: chosen.functions]:
        table.add_row(name, f"{calls:,}", f"{own:,.0f}", f"{total:,.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
