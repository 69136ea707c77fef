"""The orchestrator's session: ``CALL async.main()``, held open by this process."""

import contextlib
import threading
from types import TracebackType
from typing import Any, Self

import psycopg

from pgflow_cli import CommandError

STOP_TIMEOUT = 10.0
"""Seconds that the orchestrator has to stop cleanly, before its session is ended."""


class Orchestrator:
    """Runs the orchestrator of one database, in a session and a thread of its own, while the context lasts.

    conninfo: of the database, as a user who may run it.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._error: psycopg.Error | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._session: psycopg.Connection[Any] | None = None

    @property
    def pid(self) -> int:
        """The process id of the session's backend."""
        assert self._session is not None
        return self._session.info.backend_pid

    def check(self) -> None:
        """Raise CommandError when the orchestrator has ended."""
        if not self._thread.is_alive():
            raise CommandError(
                f"the orchestrator ended: {self._error or 'another one runs, or it was stopped'}"
            )

    def stop(self, *, cleanly: bool = True) -> None:
        """End the orchestrator with async.stop(), or by ending its session, also when that takes too long."""
        if not self._thread.is_alive():
            return
        with psycopg.connect(self._conninfo, autocommit=True) as session:
            if cleanly:
                session.execute("SELECT async.stop()")
                self._thread.join(STOP_TIMEOUT)
            if self._thread.is_alive():
                session.execute("SELECT pg_terminate_backend(%s)", [self.pid])
                self._thread.join(STOP_TIMEOUT)

    def __enter__(self) -> Self:
        self._session = psycopg.connect(
            self._conninfo, autocommit=True, application_name="pgflow orchestrator"
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(psycopg.Error):
            self.stop(cleanly=kind is None)

    def _run(self) -> None:
        assert self._session is not None
        try:
            self._session.execute("CALL async.main()")
        except psycopg.Error as error:
            self._error = error
        finally:
            self._session.close()
