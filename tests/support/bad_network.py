"""A network that fails in chosen ways: at a query or its answer, one way only, by reset, or by being slow."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.support.proxy import Proxy

Way = Literal["there", "back"]
"""From the client to the server, or back."""

Place = Literal["before", "within", "after"]
"""Cut before a query has left, in the midst of it, or when its answer begins to come."""

_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: close() then resets the connection."""


@dataclass
class Trap:
    """Resets connections over which a query comes that holds ``pattern``, ``left`` times more."""

    pattern: bytes
    place: Place
    left: int
    chance: float
    """Of each such query, that its connection is cut: 0 to 1."""


class BadNetwork(Proxy):
    """A proxy that besides stalls one way, delays, resets, and cuts connections at chosen queries."""

    def __init__(self, target_host: str, target_port: int, rng: random.Random) -> None:
        self.delay = 0.0
        """Greatest number of seconds by which each packet is late; random below that."""
        self.resets = 0
        """How many connections have been reset so far."""
        self._rng = rng
        self._traps: list[Trap] = []
        self._stalled: set[Way] = set()
        self._answers: dict[socket.socket, Trap] = {}
        self._moved = threading.Condition()
        super().__init__(target_host, target_port)

    def stall(self, way: Way) -> None:
        """Forward nothing more that way, on any connection; the other way goes on."""
        with self._moved:
            self._stalled.add(way)

    def go_on(self) -> None:
        """Forward both ways again, beginning with what arrived in the meantime."""
        with self._moved:
            self._stalled.clear()
            self._moved.notify_all()

    def set_trap(self, pattern: bytes, place: Place, times: int, chance: float = 1) -> Trap:
        """Cut connections at queries that hold ``pattern``; ``left`` of the returned trap counts down."""
        trap = Trap(pattern, place, times, chance)
        with self._lock:
            self._traps.append(trap)
        return trap

    def disarm(self) -> None:
        """Forget all traps."""
        with self._lock:
            self._traps.clear()
            self._answers.clear()

    def reset(self) -> int:
        """Reset every connection, on both sides; new ones are taken. Return how many there were."""
        with self._lock:
            ends = list(self._open)
            self._open.clear()
        reset = sum(self._is_ours(end) for end in ends)
        for end in ends:
            self._abort(end)
        with self._moved:
            self._moved.notify_all()
        return reset

    def drop(self) -> int:
        """Close every connection, on both sides; new ones are taken. Return how many there were."""
        dropped = super().drop()
        with self._moved:
            self._moved.notify_all()
        return dropped

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Forward what ``source`` sends, as badly as was asked for."""
        way: Way = "there" if self._is_ours(source) else "back"
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.delay:
                    time.sleep(self._rng.uniform(0, self.delay))
                self._wait(lambda: way in self._stalled, sink)
                self._flowing.wait()
                kept = self._passes(way, data, source, sink)
                if not self._is_open(sink):
                    return
                sink.sendall(data[:kept])
                if kept < len(data):
                    self._cut(source, sink)
                    return
        self._wait(lambda: way in self._stalled, sink)
        self._flowing.wait()
        for end in (source, sink):
            if self._is_open(end):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _passes(self, way: Way, data: bytes, source: socket.socket, sink: socket.socket) -> int:
        """Return how many bytes of ``data`` are to be forwarded; fewer than all cut the connection."""
        with self._lock:
            if way == "back":
                return 0 if self._answers.pop(sink, None) else len(data)
            for trap in self._traps:
                if trap.left > 0 and trap.pattern in data and self._rng.random() < trap.chance:
                    trap.left -= 1
                    if trap.place == "after":
                        self._answers[source] = trap
                        return len(data)
                    return 0 if trap.place == "before" else len(data) // 2
        return len(data)

    def _wait(self, stalled: Callable[[], bool], sink: socket.socket) -> None:
        with self._moved:
            self._moved.wait_for(lambda: not stalled() or not self._is_open(sink))

    def _cut(self, *ends: socket.socket) -> None:
        self._forget(*ends)
        for end in ends:
            self._abort(end)

    def _abort(self, end: socket.socket) -> None:
        """Have the connection reset as soon as its threads let go of it."""
        self.resets += self._is_ours(end)
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            end.shutdown(socket.SHUT_RD)
