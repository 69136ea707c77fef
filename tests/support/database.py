"""Databases for tests: what they offer, how they are made from a template and removed."""

import itertools
import os
from collections.abc import Sequence
from typing import Any

import psycopg
from pgflow_build import profiles
from pgflow_build.servers import Server
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import ExecStatus

from tests.support.wait import until

SERVER_EXTENSION = "pgflow_ui"
CLIENT_EXTENSION = "pgflow"

Params = Sequence[Any] | dict[str, Any] | None
_numbers = itertools.count(1)


class Database:
    """One database on a server, with a session of its own that commits by itself.

    That session is opened again when it was lost.
    """

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self._session: psycopg.Connection[Any] | None = None

    @property
    def conninfo(self) -> str:
        """Connection string of the superuser, over TCP."""
        return self.server.conninfo(self.name)

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """Return a new session, for the caller to close.

        It commits by itself unless ``autocommit=False`` is given.
        """
        return self.server.connect(self.name, **options)

    def execute(self, query: str, params: Params = None) -> list[tuple[Any, ...]]:
        """Run ``query`` in the database's own session and return its rows, none if it gives none.

        Raises ValueError for rows without columns, which cannot be told from none.
        """
        if self._session is None or self._session.closed:
            self._session = self.connect()
        cursor = self._session.execute(query, params)
        if cursor.pgresult and cursor.pgresult.status == ExecStatus.TUPLES_OK and not cursor.description:
            raise ValueError(f"no columns: {query}")
        return cursor.fetchall() if cursor.description else []

    def value(self, query: str, params: Params = None) -> Any:
        """Return the single value that ``query`` gives."""
        ((value,),) = self.execute(query, params)
        return value

    def is_connected(self) -> bool:
        """Tell whether the own session is open, as far as is known without asking the server."""
        return self._session is not None and not self._session.closed

    def close(self) -> None:
        """Close the own session."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def drop(self) -> None:
        """End every session in the database and remove it."""
        self.close()
        profiles.collect(self.server, self.name)
        with self.server.connect() as session:
            name = sql.Identifier(self.name)
            session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))

            def is_dropped() -> bool:
                session.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self.name]
                )
                try:
                    session.execute(sql.SQL("DROP DATABASE {}").format(name))
                except psycopg.errors.ObjectInUse:
                    return False
                return True

            until(is_dropped, what=f"no session is left in database {self.name}")


def create_database(server: Server, *, template: str = "template1", name: str | None = None) -> Database:
    """Make a database from ``template``, under a name of its own unless one is given."""
    name = name or f"{template}_{os.getpid()}_{next(_numbers)}"
    with server.connect() as session:
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        session.execute(query.format(sql.Identifier(name), sql.Identifier(template)))
    return Database(server, name)


def create_with_extension(server: Server, extension: str, name: str | None = None) -> Database:
    """Make a database with ``extension`` and all that it requires; the server has it installed."""
    database = create_database(server, name=name)
    database.execute(sql.SQL("CREATE EXTENSION {} CASCADE").format(sql.Identifier(extension)).as_string())
    database.close()
    return database


def conninfo_by_way_of(conninfo: str, port: int) -> str:
    """Return ``conninfo`` with another port of 127.0.0.1, say that of a proxy."""
    return make_conninfo(conninfo, host="127.0.0.1", port=port)
