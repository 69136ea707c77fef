"""What README tells a newcomer to run, run as it stands."""

import subprocess
from pathlib import Path

import pytest
from pgflow_build.servers import Server

from tests.support.database import Database
from tests.support.orchestrator import Orchestrator

pytestmark = pytest.mark.long

README = Path(__file__).parents[2] / "README.md"


def block_after(marker: str) -> str:
    """Return the fenced block that follows an HTML comment in README."""
    return README.read_text().split(f"<!-- {marker} -->\n```sql\n")[1].split("```")[0]


@pytest.fixture(scope="session")
def psql() -> Path:
    """psql of the embedded PostgreSQL, which talks to every major."""
    return Path(Server("18-pypi").bindir) / "psql"


def test_the_first_flow(db: Database, orchestrator: Orchestrator, psql: Path) -> None:
    """The block runs in psql without an error and ends with both nodes finished."""
    done = subprocess.run(
        [psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", db.conninfo],
        input=block_after("test: first flow"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "totals|Finished|5|" in done.stdout
    assert "report|Finished|0|" in done.stdout
    assert db.value("SELECT sum(amount) FROM total") == 500500
