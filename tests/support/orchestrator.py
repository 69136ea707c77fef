"""The orchestrator as tests use it: `CALL async.main()` in a thread, to be stopped, terminated or killed."""

import os
import signal
import threading
from typing import Any, Self

import psycopg

from tests.support.database import Database
from tests.support.promises import StuckError
from tests.support.wait import until


class Orchestrator:
    """The one session of a database that runs ``CALL async.main()``.

    force: it ends one that runs already; options: settings of the session, as ``-c name=value``.
    """

    def __init__(self, db: Database, *, force: bool = False, options: str = "") -> None:
        self.db = db
        self._call = f"CALL async.main(_force => {force})"
        self._options = options
        self.error: BaseException | None = None
        """Why the call ended, None while it runs and when it ended by itself."""
        self._session: psycopg.Connection[Any] | None = None
        self._thread: threading.Thread | None = None
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        """The process id of the session's backend, also after its end."""
        if self._pid is None:
            raise RuntimeError("the orchestrator has not been started")
        return self._pid

    def is_running(self) -> bool:
        """Tell whether the call has not returned."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, timeout: float = 30) -> Self:
        """Start the session and return once the orchestrator works; raise what the call raises."""
        self.launch()
        until(lambda: self.works() or not self.is_running(), timeout, "the orchestrator works")
        if self.error is not None:
            raise self.error
        return self

    def launch(self) -> Self:
        """Start the session and return at once."""
        if self.is_running():
            raise RuntimeError("the orchestrator runs already")
        self.error = None
        self._session = self.db.connect(application_name="orchestrator of a test", options=self._options)
        self._pid = self._session.info.backend_pid
        self._thread = threading.Thread(target=self._run, args=[self._session], daemon=True)
        self._thread.start()
        return self

    def works(self) -> bool:
        """Tell whether the session has become the orchestrator: its epoch is committed."""
        return bool(self.db.value("SELECT EXISTS (SELECT FROM async.epoch WHERE pid = %s)", [self.pid]))

    def join(self, timeout: float = 30) -> None:
        """Wait until it has ended, for whatever reason."""
        self._wait(timeout, "the orchestrator ends")

    def stop(self, timeout: float = 30) -> None:
        """End it cleanly with async.stop(); does nothing when it has ended."""
        if self.is_running():
            self.db.execute("SELECT async.stop()")
            self._wait(timeout, "async.stop() ends the orchestrator")

    def terminate(self, timeout: float = 30) -> None:
        """End its session with pg_terminate_backend."""
        self.db.execute("SELECT pg_terminate_backend(%s)", [self.pid])
        self._wait(timeout, "the orchestrator's session is terminated")

    def kill9(self, timeout: float = 60) -> None:
        """SIGKILL its backend, which makes PostgreSQL restart all backends.

        Returns when the server takes connections again.
        """
        self.db.execute("SELECT 1")
        os.kill(self.pid, signal.SIGKILL)
        self._wait(timeout, "the orchestrator's session is gone")
        until(self._was_cut_off, timeout, "PostgreSQL has ended all sessions")
        until(self._is_back, timeout, "PostgreSQL takes connections again")

    def _run(self, session: psycopg.Connection[Any]) -> None:
        try:
            session.execute(self._call)
        except psycopg.Error as error:
            self.error = error
        finally:
            session.close()

    def _wait(self, timeout: float, what: str) -> None:
        assert self._thread is not None
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise StuckError(f"waited {timeout:g} s in vain until {what}")

    def _was_cut_off(self) -> bool:
        """Tell whether the database's own session, open since before the crash, has been ended."""
        if self.db.is_connected():
            try:
                self.db.execute("SELECT 1")
            except psycopg.OperationalError:
                self.db.close()
        return not self.db.is_connected()

    def _is_back(self) -> bool:
        try:
            self.db.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True
