"""Fixtures: a server a major, databases cloned from templates, an orchestrator; what runs where and when."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pgflow_build import profiles
from pgflow_build.debian import NotAvailableError
from pgflow_build.servers import Server

from tests.support.consistency import check_what_is_left
from tests.support.database import Database
from tests.support.matrix import MATRIX, arrange, chosen_majors, major_of, majors_for_long
from tests.support.memory import temporary_files_in_memory
from tests.support.orchestrator import Orchestrator
from tests.support.pool import CLIENT_TEMPLATE, MADE_TO_BE_KILLED, SERVER_TEMPLATE, ServerPool

pytest_plugins = ["tests.support.summary"]

MakeServer = Callable[..., Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the caller choose the majors of PostgreSQL."""
    parser.addoption(
        "--majors",
        default=os.environ.get("PGFLOW_MAJORS", "all"),
        help=f"majors of PostgreSQL to test on, comma-separated: {', '.join(MATRIX)} (default: all)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse unknown majors at once."""
    chosen_majors(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Say which majors are tested."""
    majors = chosen_majors(config)
    return f"PostgreSQL: {', '.join(majors)}; long tests: {', '.join(majors_for_long(majors))}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for a server once a major."""
    if "major" in metafunc.fixturenames:
        majors = chosen_majors(metafunc.config)
        metafunc.parametrize("major", majors, ids=[f"pg{major}" for major in majors], scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out where they do not run, put the others in order, and note each one's major."""
    items[:] = arrange(items, chosen_majors(config))
    for item in items:
        major = major_of(item)
        if major is not None:
            item.user_properties.append(("major", major))


@contextmanager
def skipping_what_cannot_be_had() -> Iterator[None]:
    """Skip the test where Debian's PostgreSQL is not to be had on this kind of machine."""
    try:
        yield
    except NotAvailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", autouse=True)
def files_in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers keep their files in memory; tmp_path, which pytest leaves behind, stays where it is."""
    tmp_path_factory.getbasetemp()
    with temporary_files_in_memory():
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerPool]:
    """The servers of this test session."""
    pool = ServerPool()
    yield pool
    pool.stop()


@pytest.fixture(scope="session")
def server(servers: ServerPool, major: str) -> Iterator[Server]:
    """A running server of each chosen major with the extensions installed; shared, so leave it running.

    It ends when the tests of the next major begin.
    """
    with skipping_what_cannot_be_had():
        running = servers.get(major)
    yield running
    servers.stop(major)


@pytest.fixture
def db(request: pytest.FixtureRequest, servers: ServerPool, server: Server) -> Iterator[Database]:
    """A database of its own for the test, with the server extensions.

    Afterwards flow.check_consistency() must find nothing in it, unless the test is marked ``inconsistent``.
    """
    database = servers.clone(server, SERVER_TEMPLATE)
    yield database
    try:
        if request.node.get_closest_marker("inconsistent") is None:
            check_what_is_left(database)
    finally:
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

    def make(major: str = "18", settings: dict[str, str] | None = None, **options: Any) -> Server:
        wanted = MADE_TO_BE_KILLED | (settings or {}) | profiles.settings(major)
        server = Server(major, settings=wanted, **options)
        made.append(server)
        with skipping_what_cannot_be_had():
            server.install()
        return server.start()

    yield make
    for server in made:
        profiles.collect_all(server)
        server.stop("immediate")
