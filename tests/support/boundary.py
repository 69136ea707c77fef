"""Commit boundaries of the orchestrator's loop, at which a test can have it stop."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.support.database import Database
from tests.support.orchestrator import Orchestrator

LOCK = (1885759283, 0)
"""The advisory lock at which async.pass() waits."""


class Boundary:
    """A place of the loop at which an orchestrator stops while it is closed, if its session was told to."""

    def __init__(self, db: Database, name: str) -> None:
        self.db = db
        self.options = f"-c pgflow.stop_at={name}"
        """Options of a session that heeds it."""
        self._session: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        """Have whoever comes there from now on stop."""
        self._session = self.db.connect(application_name="boundary of a test")
        self._session.execute("SELECT pg_advisory_lock(%s, %s)", LOCK)

    def open(self) -> None:
        """Let everybody pass, now and later."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def has_stopped(self, orchestrator: Orchestrator) -> bool:
        """Tell whether the orchestrator stands there."""
        waits = """SELECT EXISTS (
            SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND NOT l.granted AND l.pid = %s AND d.datname = current_database()
              AND l.classid = %s::INT8::OID AND l.objid = %s::INT8::OID)"""
        return bool(self.db.value(waits, [orchestrator.pid, *LOCK]))
