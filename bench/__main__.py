"""``python -m bench``: the numbers of pgflow on this machine, beside what the machine itself can do."""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import psycopg
from pgflow_cli import CommandError
from rich.console import Console

from bench import machine
from bench.results import Result, markdown, table
from bench.rows import ROWS, Options
from bench.scene import DURABLE, SLOTS, scene


def main() -> int:
    """Measure, print; return 1 if --check is given and a number falls short."""
    chosen = _arguments()
    console = Console(stderr=chosen.json or chosen.markdown)
    console.width = max(console.width, 130)
    options = Options(chosen.rounds, chosen.steps, chosen.idle)
    here = machine.describe(Path(tempfile.gettempdir()))
    console.print(str(here), highlight=False)
    console.print(
        f"{SLOTS} slots; {', '.join(f'{name} {value}' for name, value in DURABLE.items())}, for both sides;"
        f" medians of {options.rounds} rounds by turns\n",
        highlight=False,
    )
    found: dict[str, list[Result]] = {}
    for major in chosen.majors.split(","):
        began = time.monotonic()
        with scene(major.strip()) as where:
            version = where.version
            found[version] = []
            for row in chosen.rows or ROWS:
                console.print(f"PostgreSQL {version}: {row} …", highlight=False, style="dim")
                found[version] += ROWS[row](where, options)
        if chosen.markdown:
            print(f"\nPostgreSQL {version}\n\n{markdown(found[version])}")
        else:
            console.print(table(f"PostgreSQL {version} ({time.monotonic() - began:.0f} s)", found[version]))
    if chosen.json:
        results = [
            {"version": version, **asdict(one), "verdict": one.verdict}
            for version, ones in found.items()
            for one in ones
        ]
        print(json.dumps({"machine": asdict(here), "results": results}, indent=2))
    missed = any(one.reached is False for ones in found.values() for one in ones)
    return 1 if chosen.check and missed else 0


def _arguments() -> argparse.Namespace:
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)} (default: all)")
    parser.add_argument(
        "--majors", default="18", help="of PostgreSQL, comma-separated (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=usual.steps, help="in a round (default: %(default)s)")
    parser.add_argument(
        "--idle", type=float, default=usual.idle, help="seconds before a start (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a number falls short")
    chosen = parser.parse_args()
    unknown = [row for row in chosen.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}: choose from {', '.join(ROWS)}")
    return chosen


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (CommandError, psycopg.Error, RuntimeError, OSError, ValueError) as error:
        print(f"bench: {str(error).rstrip()}", file=sys.stderr)
        sys.exit(2)
