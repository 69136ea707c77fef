"""A TCP proxy whose connections stall or break on demand, as those of a failing network do."""

import contextlib
import socket
import threading


class Proxy:
    """Listens on a port of 127.0.0.1 and forwards every connection to one address."""

    def __init__(self, target_host: str, target_port: int) -> None:
        self._target = (target_host, target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        """The port to connect to."""
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def pause(self) -> None:
        """Forward nothing more, either way; connections stay open, new ones get no answer."""
        self._flowing.clear()

    def resume(self) -> None:
        """Forward again, beginning with what arrived in the meantime."""
        self._flowing.set()

    def drop(self) -> int:
        """Close every connection, on both sides; new ones are taken. Return how many there were."""
        with self._lock:
            dropped = sum(self._is_ours(end) for end in self._open)
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()
        return dropped

    def close(self) -> None:
        """Close every connection and listen no more: later connections are refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        self.drop()
        self.resume()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Forward one connection until either side ends it."""
        with contextlib.closing(client):
            with self._lock:
                self._open.add(client)
            self._flowing.wait()
            if not self._is_open(client):
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                self._forget(client)
                return
            with contextlib.closing(server):
                with self._lock:
                    self._open.add(server)
                back = threading.Thread(target=self._pump, args=[server, client], daemon=True)
                back.start()
                self._pump(client, server)
                back.join()
            self._forget(client, server)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Forward what ``source`` sends, and at last that it has ended, unless the connection is dropped."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                if not self._is_open(sink):
                    return
                sink.sendall(data)
        self._flowing.wait()
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _is_ours(self, end: socket.socket) -> bool:
        """Tell whether ``end`` is a connection that was made to us, rather than one that we made."""
        with contextlib.suppress(OSError):
            return bool(end.getsockname()[1] == self.port)
        return False

    def _is_open(self, end: socket.socket) -> bool:
        with self._lock:
            return end in self._open

    def _forget(self, *ends: socket.socket) -> None:
        with self._lock:
            self._open.difference_update(ends)
