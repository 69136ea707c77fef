"""async.log() and async.tail()."""

from __future__ import annotations

import threading
from typing import Any

import psycopg

from tests.support.wait import until


class Tail:
    """A session that follows the log, and what it has been told."""

    def __init__(self, db: Any, grep: str | None) -> None:
        self.lines: list[str] = []
        self._session = db.connect()
        self._session.add_notice_handler(
            lambda diagnostic: self.lines.append(str(diagnostic.message_primary))
        )
        self._thread = threading.Thread(target=self._follow, args=[grep])
        self._thread.start()

    def _follow(self, grep: str | None) -> None:
        try:
            self._session.execute("CALL async.tail(%s)", (grep,))
        except psycopg.errors.QueryCanceled:
            self.lines.append("canceled")

    def messages(self) -> list[str]:
        """What was told, without time and level."""
        return [line.split(" ", 4)[-1] for line in list(self.lines)]

    def end(self) -> None:
        self._session.cancel()
        self._thread.join(30)
        self._session.close()


def test_tail_tells_each_entry_once(db: Any) -> None:
    """The last ten, then what comes, also what is committed after others that were written later."""
    for number in range(15):
        db.execute("SELECT async.log('NOTICE', %s)", (f"old {number}",))
    everything, some = Tail(db, None), Tail(db, "WARNING.*find me|old 14")
    try:
        until(lambda: len(everything.lines) == 10, what="the last ten")
        with db.connect() as slow, slow.transaction():
            slow.execute("SELECT async.log('warning', 'Find me first')")
            db.execute("SELECT async.log('ERROR', 'find me not')")
            until(lambda: len(everything.lines) == 11, what="one more")
        db.execute("SELECT async.log('WARNING', 'find me last')")
        until(lambda: len(everything.lines) == 13 and len(some.lines) == 3, what="all to be told")
    finally:
        everything.end()
        some.end()
    told = [*(f"old {number}" for number in range(5, 15)), "find me not", "Find me first", "find me last"]
    assert everything.messages() == [*told, "canceled"]
    assert some.messages() == ["old 14", "Find me first", "find me last", "canceled"]
    assert " WARNING Find me first" in everything.lines[11]
