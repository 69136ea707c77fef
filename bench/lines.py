"""``python -m bench.lines``: the lines of the orchestrator's functions that the time of many steps goes to.

It needs Debian's plprofiler, so it measures on Debian's PostgreSQL 15.
"""

import argparse
from pathlib import Path
from typing import Any

from pgflow_build.debian import MAJOR
from pgflow_build.servers import REPOSITORY
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.scene import Scene, node, scene

QUERY = """
SELECT n.nspname, p.proname, l.line_number, l.exec_count, l.total_time / 1000.0, s.source
FROM pl_profiler_linestats_shared() l
JOIN pg_proc p ON p.oid = l.func_oid
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pl_profiler_funcs_source(pl_profiler_func_oids_shared()) s USING (func_oid, line_number)
WHERE l.line_number > 0 AND n.nspname IN ('async', 'flow') AND btrim(s.source) <> 'BEGIN'
ORDER BY l.total_time DESC
"""


def profile(where: Scene, steps: int) -> list[tuple[Any, ...]]:
    """Run that many one-row steps; return schema, function, line of its body, executions, ms and text."""
    where.configure("profile", [node("work", routine="bench.push", step_routine="bench.write")])
    where.session.execute("CREATE EXTENSION IF NOT EXISTS plprofiler")
    where.session.execute("SELECT pl_profiler_reset_shared()")
    where.session.execute("SELECT pl_profiler_set_collect_interval(1)")
    where.session.execute("SELECT pl_profiler_set_enabled_pid(async.find_orchestrator_pid())")
    where.run("profile", {"steps": steps})
    where.session.execute("SELECT pl_profiler_set_enabled_pid(0)")
    return where.session.execute(QUERY).fetchall()


def source_of(schema: str, function: str, line: int) -> str:
    """Return file:line of the source that a line of a function's body stands in."""
    folders = ("pgasync", "pgasync_server") if schema == "async" else ("pgflow", "pgflow_server", "pgflow_ui")
    for folder in folders:
        path = Path("sql", folder, "every", f"{function}.sql")
        if (REPOSITORY / path).exists():
            text = (REPOSITORY / path).read_text(encoding="utf-8")
            before = text[: text.index("$$")].count("\n")
            return f"{path}:{before + line}"
    return f"{schema}.{function}:{line}"


def main() -> None:
    """Print the table for the number of steps that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench.lines", description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=40, help="how many to print (default: %(default)s)")
    chosen = parser.parse_args()
    with scene(MAJOR, {"shared_preload_libraries": "plprofiler"}) as where:
        found = profile(where, chosen.steps)
        version = where.version
    title = f"PostgreSQL {version}, {chosen.steps:,} steps; the time of a line holds that of what it calls"
    table = Table(title=title, box=SIMPLE_HEAD)
    for name in ("times", "ms"):
        table.add_column(name, justify="right", no_wrap=True, min_width=9)
    table.add_column("source", no_wrap=True, overflow="ellipsis")
    table.add_column("line", no_wrap=True, overflow="ellipsis")
    for schema, function, line, times, spent, text in found[: chosen.lines]:
        table.add_row(f"{times:,}", f"{spent:,.1f}", source_of(schema, function, line), text.strip())
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
