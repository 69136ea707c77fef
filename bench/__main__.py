"""``python -m bench``: the numbers of pgflow on this machine, beside what the machine itself can do."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from pgflow_cli import CommandError
from rich.console import Console

from bench import machine
from bench.options import QUICK, Options
from bench.registry import EVERY_MAJOR, ROWS
from bench.report import Report, as_json
from bench.results import table
from bench.scene import DURABLE, SLOTS, scene

ERRORS = (CommandError, psycopg.Error, RuntimeError, OSError, ValueError)
"""What can go wrong with a row; the others are measured all the same."""
SAY_EVERY = 10.0
"""Seconds between two words about the progress of a row, at the least."""


def main() -> int:
    """Return 2 if a row could not be measured, 1 if --check is given and a number falls short."""
    chosen = _arguments()
    console = Console(stderr=chosen.json or chosen.markdown)
    console.width = max(console.width, 150)
    options = _options(chosen, _reporter(console))
    here = machine.describe(Path(tempfile.gettempdir()))
    console.print(str(here), highlight=False)
    settings = ", ".join(f"{name} {value}" for name, value in DURABLE.items())
    console.print(
        f"{SLOTS} slots; {settings}, for both sides; medians of {options.rounds} rounds\n", highlight=False
    )
    reports: list[Report] = []
    try:
        for major in chosen.majors.split(","):
            rows = [row for row in chosen.rows or ROWS if not (reports and row in EVERY_MAJOR)]
            _measure(major.strip(), rows, options, console, reports)
    finally:
        if chosen.json:
            print(as_json(here, reports))
        elif chosen.markdown:
            print("\n".join(report.markdown() for report in reports))
    if any(report.failures for report in reports):
        return 2
    return 1 if chosen.check and any(report.missed for report in reports) else 0


def _measure(major: str, rows: list[str], options: Options, console: Console, reports: list[Report]) -> None:
    """Add a report on the major to the others; print what there is of it, also when it is cut short."""
    began = time.monotonic()
    with scene(major) as where:
        report = Report(where.version)
        reports.append(report)
        try:
            for row in rows:
                console.print(f"PostgreSQL {report.version}: {row} …", highlight=False, style="dim")
                try:
                    report.results += ROWS[row](where, options)
                except ERRORS as error:
                    report.failures[row] = str(error).rstrip()
                    console.print(
                        f"{row} could not be measured: {report.failures[row]}", style="red", markup=False
                    )
        finally:
            title = f"PostgreSQL {report.version} ({time.monotonic() - began:.0f} s)"
            console.print(table(title, report.results))


def _reporter(console: Console) -> Callable[[str], None]:
    """Return what prints a word about progress, seldom enough to be read."""
    printed = time.monotonic()

    def say(text: str) -> None:
        nonlocal printed
        if time.monotonic() - printed >= SAY_EVERY:
            console.print(f"  {text}", highlight=False, style="dim", markup=False)
            printed = time.monotonic()

    return say


def _options(chosen: argparse.Namespace, say: Callable[[str], None]) -> Options:
    """Return what was asked for; what was not is that of Options, or small for a trial."""
    usual = Options()
    scale = QUICK if chosen.quick else usual.scale
    return Options(
        rounds=chosen.rounds or (1 if chosen.quick else usual.rounds),
        steps=chosen.steps or round(scale * usual.steps),
        idle=scale * usual.idle if chosen.idle is None else chosen.idle,
        long=chosen.long,
        scale=scale,
        say=say,
    )


def _arguments() -> argparse.Namespace:
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)} (default: all)")
    add("--majors", default="18", help="of PostgreSQL, comma-separated (default: %(default)s)")
    add("--rounds", type=_positive, help=f"default: {usual.rounds}")
    add("--steps", type=_positive, help=f"one-row steps in a round (default: {usual.steps:,})")
    add("--idle", type=float, help=f"seconds before a start is timed (default: {usual.idle:g})")
    add(
        "--long",
        type=float,
        nargs="?",
        const=60.0,
        default=0.0,
        metavar="MINUTES",
        help="time one more start after so many minutes of idleness, an hour unless given",
    )
    add("--quick", action="store_true", help="a trial, small and of one round, which shows that a row works")
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--json", action="store_true", help="print the results as JSON, each round's among them"
    )
    output.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    add("--check", action="store_true", help="exit with 1 if a number falls short of what must be reached")
    chosen = parser.parse_args()
    unknown = [row for row in chosen.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}: choose from {', '.join(ROWS)}")
    return chosen


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of one or more")
    return number


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ERRORS as error:
        print(f"bench: {str(error).rstrip()}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
