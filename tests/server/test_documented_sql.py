"""What README and docs/ show of SQL, run as it stands; tests/support/pages.py has the rules."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pgflow_build.servers import Server

from tests.support.consistency import check_what_is_left
from tests.support.database import SERVER_EXTENSION, Database, create_database
from tests.support.orchestrator import Orchestrator
from tests.support.pages import PAGES, Block, blocks

pytestmark = pytest.mark.long

NOT_RUN = 6
"""At most so many blocks are left out, on all pages together."""


class Pages:
    """A server that knows two services: ``server`` and ``warehouse``, the databases of the page at hand."""

    def __init__(self, server: Server, services: Path) -> None:
        self.server = server
        self.services = services
        self.psql = Path(Server("18-pypi").bindir) / "psql"

    def databases(self, *names: str) -> dict[str, Database]:
        """Make the databases of a page."""
        made = {name: create_database(self.server) for name in names}
        self.services.write_text(
            "".join(
                f"[{name}]\nhost=127.0.0.1\nport={self.server.port}\nuser=postgres\ndbname={database.name}\n"
                for name, database in made.items()
            )
        )
        return made

    def run(self, block: Block, database: Database) -> str:
        """Run a block in psql and return the answer; an AssertionError if it fails otherwise than asked."""
        done = subprocess.run(
            [self.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", database.conninfo],
            input=block.sql,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if block.error is None:
            assert done.returncode == 0, f"{block}\n{block.sql}\n{done.stderr}"
        else:
            assert done.returncode != 0, f"{block} did not fail"
            assert f"ERROR:  {block.error}: " in done.stderr, f"{block}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def after() -> Iterator[ExitStack]:
    """What is to be done after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def pages(make_server: Callable[..., Server], major: str, after: ExitStack) -> Pages:
    """A server of the major; the file of its services can be read by whoever runs it."""
    folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="pgflow-services-")))
    folder.chmod(0o755)
    return Pages(
        make_server(major, environment={"PGSERVICEFILE": str(folder / "services")}), folder / "services"
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_runs_in_order(pages: Pages, after: ExitStack, page: str) -> None:
    """Each is answered as the page says, if it says so; and in the end all that pgflow keeps agrees."""
    databases = pages.databases("server", "warehouse")
    found = [block for block in blocks(page) if block.is_run]
    creates = [block for block in found if f"CREATE EXTENSION {SERVER_EXTENSION}" in block.sql]
    if not creates:
        databases["server"].execute(f"CREATE EXTENSION {SERVER_EXTENSION} CASCADE")
    orchestrator = Orchestrator(databases["server"])
    for block in found:
        if block not in creates and not orchestrator.is_running():
            orchestrator.start()
            after.callback(orchestrator.stop)
        answer = pages.run(block, databases[block.database])
        if block.answer is not None:
            assert lines(answer) == lines(block.answer), f"{block}\n{answer}"
    check_what_is_left(databases["server"])


NOTHING = re.compile(r"^ *\w+ *\n-+\n *\n\(1 row\)\n", re.MULTILINE)
"""What psql says of a call that returns nothing."""


def lines(answer: str) -> list[str]:
    """Return the lines of an answer that say something, without the blanks at their ends."""
    return [line.rstrip() for line in NOTHING.sub("", answer).splitlines() if line.strip()]


def test_few_blocks_are_left_out() -> None:
    left_out = [str(block) for page in PAGES for block in blocks(page) if not block.is_run]
    assert len(left_out) <= NOT_RUN, left_out


def test_readme_begins_with_the_two_commands() -> None:
    """And its first flow ends as it says."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    first = readme.split("```")[1]
    assert [line.split("#")[0].strip() for line in first.splitlines()[1:]] == ["make demo", "make test"]
