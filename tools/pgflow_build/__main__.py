"""Builds and checks pgflow: ``python -m pgflow_build --help``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pgflow_build.finding import Finding
from pgflow_build.manifest import SourceError

REPOSITORY = Path(__file__).resolve().parents[2]

Root = Annotated[Path, typer.Option(help="The work tree; this one unless given.", show_default=False)]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def assemble(root: Root = REPOSITORY) -> None:
    """Write build/ and docs/reference.md from the sources."""
    from pgflow_build.assemble import write

    for name in write(root):
        print(f"build/{name}")
    reference(root)


@app.command()
def reference(root: Root = REPOSITORY) -> None:
    """Write docs/reference.md from the comments of the sources."""
    from pgflow_build.reference import PAGE, write

    if write(root):
        print(PAGE)


@app.command()
def check(root: Root = REPOSITORY) -> None:
    """Tell whether build/ and docs/reference.md are what the sources give."""
    from pgflow_build.assemble import stale
    from pgflow_build.reference import PAGE, is_stale

    names = [f"build/{name}" for name in stale(root)] + [str(PAGE)] * is_stale(root)
    if names:
        raise SourceError(f"not what the sources give: {', '.join(names)}; run `make build`")


@app.command()
def meta(root: Root = REPOSITORY) -> None:
    """Check META.json against its specification and the rest of the distribution."""
    from pgflow_build.meta import run

    report(run(root))


@app.command()
def lint(root: Root = REPOSITORY) -> None:
    """Check the sources against the rules of docs/rules.md."""
    from pgflow_build.lint import run

    report(run(root))


@app.command(name="plpgsql_check")
def plpgsql_check(root: Root = REPOSITORY) -> None:
    """Have plpgsql_check read the body of every routine, on Debian's PostgreSQL 15, where that can be had."""
    from pgflow_build.debian import NotAvailableError
    from pgflow_build.plpgsql_check import run

    try:
        report(run(root))
    except NotAvailableError as error:
        print(f"plpgsql_check has not been run: {error}", file=sys.stderr)


@app.command()
def pgspot(root: Root = REPOSITORY) -> None:
    """Have pgspot look for ways in which the scripts of build/ could be made to run the code of others."""
    from pgflow_build.pgspot import run

    report(run(root))


@app.command(context_settings={"ignore_unknown_options": True})
def coverage(
    tests: Annotated[
        list[str] | None, typer.Argument(help="Arguments for pytest; all tests on servers unless given.")
    ] = None,
    jobs: Annotated[str, typer.Option(help="Processes that run tests.")] = "2",
    root: Root = REPOSITORY,
) -> None:
    """Run tests on Debian's PostgreSQL 15 and print which statements of which routines they reach."""
    from pgflow_build.coverage import TESTS, run

    raise typer.Exit(run(root, tests or TESTS, jobs))


def report(findings: Sequence[Finding]) -> None:
    """Print findings; exit status 1 if there are any."""
    for finding in findings:
        print(finding)
    if findings:
        raise typer.Exit(1)


def main() -> None:
    """Run the command given on the command line; exit status 1 if it finds anything wrong."""
    try:
        app()
    except (SourceError, RuntimeError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
