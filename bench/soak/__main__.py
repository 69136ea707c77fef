"""``python -m bench.soak``: a million steps and half an hour of mixed load, with bounds that must hold."""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench import machine
from bench.__main__ import ERRORS
from bench.options import Options
from bench.report import Report, as_json
from bench.results import table
from bench.scene import scene
from bench.soak.million import million
from bench.soak.mixed import mixed


def main() -> int:
    """Return 1 if a bound is broken."""
    chosen = _arguments()
    console = Console(stderr=chosen.markdown or chosen.json)
    console.width = max(console.width, 150)

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    here = machine.describe(Path(tempfile.gettempdir()))
    say(str(here))
    with scene(chosen.major) as where:
        report = Report(where.version)
        if chosen.steps:
            small = min(1.0, chosen.steps / 1_000_000)
            report.results += million(where, Options(steps=chosen.steps, scale=small, say=say))
        if chosen.minutes:
            report.results += mixed(where, chosen.minutes, say)
    console.print(table(f"PostgreSQL {report.version}", report.results))
    if chosen.json:
        print(as_json(here, [report]))
    elif chosen.markdown:
        print(report.markdown())
    return 1 if report.missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    add = parser.add_argument
    add("--steps", type=int, default=1_000_000, help="of the one run; 0: leave it out (default: %(default)s)")
    add("--minutes", type=float, default=30, help="of mixed load; 0: leave it out (default: %(default)s)")
    add("--major", default="18", help="of PostgreSQL (default: %(default)s)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print the results as JSON")
    output.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ERRORS as error:
        print(f"soak: {str(error).rstrip()}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
