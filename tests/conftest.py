"""Fixtures: a server a major, databases cloned from templates, an orchestrator."""

import os
from collections.abc import Callable, Iterator

import pytest
from pgflow_build import profiles
from pgflow_build.binaries import MAJORS
from pgflow_build.servers import Server

from tests.support.database import Database
from tests.support.orchestrator import Orchestrator
from tests.support.pool import CLIENT_TEMPLATE, SERVER_TEMPLATE, ServerPool

MakeServer = Callable[..., Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the caller choose the majors of PostgreSQL."""
    parser.addoption(
        "--majors",
        default=os.environ.get("PGFLOW_MAJORS", "11,15,18"),
        help="majors of PostgreSQL to test on, comma-separated, or 'all' (default: %(default)s)",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Say which majors are tested."""
    return f"PostgreSQL: {', '.join(chosen_majors(config))}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for a server once a major."""
    if "major" in metafunc.fixturenames:
        majors = chosen_majors(metafunc.config)
        metafunc.parametrize("major", majors, ids=[f"pg{major}" for major in majors], scope="session")


def chosen_majors(config: pytest.Config) -> list[str]:
    """Return the majors that the option names."""
    named = config.getoption("--majors")
    return list(MAJORS) if named == "all" else [part.strip() for part in named.split(",") if part.strip()]


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerPool]:
    """The servers of this test session."""
    pool = ServerPool()
    yield pool
    pool.stop()


@pytest.fixture(scope="session")
def server(servers: ServerPool, major: str) -> Server:
    """A running server of each chosen major with the extensions installed; shared, so leave it running."""
    return servers.get(major)


@pytest.fixture
def db(servers: ServerPool, server: Server) -> Iterator[Database]:
    """A database of its own for the test, with the server extensions."""
    database = servers.clone(server, SERVER_TEMPLATE)
    yield database
    database.drop()


@pytest.fixture
def client_db(servers: ServerPool, server: Server) -> Iterator[Database]:
    """A database of its own for the test, with the client extensions only."""
    database = servers.clone(server, CLIENT_TEMPLATE)
    yield database
    database.drop()


@pytest.fixture
def orchestrator(db: Database) -> Iterator[Orchestrator]:
    """The running orchestrator of ``db``, stopped after the test unless the test has ended it."""
    running = Orchestrator(db).start()
    yield running
    try:
        running.stop()
    except BaseException:
        if running.is_running():
            running.terminate()
        raise


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    """Make servers of a test's own, with the extensions installed and fsync on, to be killed at will.

    It takes what Server takes; the servers are stopped after the test.
    """
    made: list[Server] = []

    def make(major: str = "18", **options: object) -> Server:
        server = Server(major, **options)  # type: ignore[arg-type]
        server.settings.update(profiles.settings(major))
        made.append(server)
        server.install()
        return server.start()

    yield make
    for server in made:
        profiles.collect_all(server)
        server.stop("immediate")
