"""Faults are tried at instants that a printed seed draws, and counted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from pgflow_build.servers import Server

from tests.conftest import skipping_what_cannot_be_had
from tests.support.consistency import checked_all_the_time
from tests.support.database import Database
from tests.support.faults import SEED, Faults, random_of, record
from tests.support.pool import CLIENT_TEMPLATE, MADE_TO_BE_KILLED, SERVER_TEMPLATE, ServerPool


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random instants; PGFLOW_SEED repeats those of an earlier run (as far as time can be repeated)."""
    print(f"PGFLOW_SEED={request.config.stash[SEED]}")
    return random_of(request.node)


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> Faults:
    """Where the test notes each fault that has happened: ``faults.hit("session terminated", 3)``."""
    return record(request.node)


@pytest.fixture
def checked(db: Any) -> Iterator[None]:
    """Have flow.check_consistency() asked all the time while the test goes on."""
    with checked_all_the_time(db):
        yield


@pytest.fixture(scope="module")
def near_servers() -> Iterator[ServerPool]:
    """Where pgflow servers are to be killed, apart from the one that most tests share."""
    pool = ServerPool(MADE_TO_BE_KILLED)
    yield pool
    pool.stop()


@pytest.fixture(scope="module")
def far_servers() -> Iterator[ServerPool]:
    """Where targets are to be killed."""
    pool = ServerPool(MADE_TO_BE_KILLED)
    yield pool
    pool.stop()


@pytest.fixture
def near_db(near_servers: ServerPool, major: str) -> Iterator[Database]:
    """A pgflow server that may be killed; it knows no other but through dblink."""
    yield from _clone(near_servers, get(near_servers, major), SERVER_TEMPLATE)


@pytest.fixture
def far_db(far_servers: ServerPool, major: str) -> Iterator[Database]:
    """A client on a server that may be killed. It has only the client extensions and knows no way back."""
    yield from _clone(far_servers, get(far_servers, major), CLIENT_TEMPLATE)


@pytest.fixture
def late_db(servers: ServerPool, server: Server) -> Iterator[Database]:
    """A second client on the server that most tests share."""
    yield from _clone(servers, server, CLIENT_TEMPLATE)


def get(pool: ServerPool, major: str) -> Server:
    """Return the running server of ``major``; skip the test where there is none."""
    with skipping_what_cannot_be_had():
        return pool.get(major)


def _clone(pool: ServerPool, server: Server, template: str) -> Iterator[Database]:
    """Make a database for one test; its server runs again afterwards."""
    database = pool.clone(server, template)
    yield database
    server.start()
    database.drop()
