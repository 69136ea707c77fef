"""The commands and their options; what they do is in the module of each."""

import sys
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from pgflow_cli import CommandError
from pgflow_cli import demo as demonstration

app = typer.Typer(
    help="Run stored procedures as directed acyclic graphs, from inside PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _commands() -> None:
    """Keep `demo` a command of its own while it is the only one."""


@app.command()
def demo(
    steps: Annotated[
        int, typer.Option(min=1, envvar="PGFLOW_STEPS", help="Steps of the last flow.")
    ] = demonstration.STEPS,
    examples: Annotated[
        Path,
        typer.Option(envvar="PGFLOW_EXAMPLES", help="Folder with the flows.", file_okay=False),
    ] = demonstration.EXAMPLES,
    json: Annotated[bool, typer.Option("--json", help="Print what ran as JSON.")] = False,
    stay: Annotated[bool, typer.Option(help="Leave the server up until Ctrl-C, to look around.")] = False,
) -> None:
    """Run three flows on a PostgreSQL server of its own, which is gone afterwards."""
    demonstration.run(steps=steps, examples=examples, as_json=json, stay=stay)


def main() -> None:
    """Run the command line; what goes wrong is said in one plain message, with exit status 1."""
    try:
        app()
    except (CommandError, psycopg.Error, RuntimeError, OSError) as error:
        print(f"pgflow: {str(error).rstrip()}", file=sys.stderr)
        sys.exit(1)
