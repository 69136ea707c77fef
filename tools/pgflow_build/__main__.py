"""``python -m pgflow_build assemble`` writes build/; ``check`` tells whether it is up to date."""

import argparse
import sys
from pathlib import Path

from pgflow_build.assemble import SourceError, stale, write

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command given on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pgflow_build", description=__doc__)
    parser.add_argument("command", choices=["assemble", "check"])
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="the work tree (default: this one)")
    arguments = parser.parse_args()
    try:
        if arguments.command == "assemble":
            for name in write(arguments.root):
                print(f"build/{name}")
            return 0
        differing = stale(arguments.root)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    if differing:
        print(
            f"not what the sources give: build/{', build/'.join(differing)}; run `make build`",
            file=sys.stderr,
        )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
