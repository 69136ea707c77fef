"""What the tests stand on: the proxy and the waiting."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support.proxy import Proxy
from tests.support.wait import until


@pytest.fixture
def echo() -> Iterator[int]:
    """Port of a server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        with client:
            while data := client.recv(100):
                client.sendall(data)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[client], daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    made = Proxy("127.0.0.1", echo)
    yield made
    made.close()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def test_proxy_forwards_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as session:
        session.sendall(b"hello")
        assert session.recv(100) == b"hello"


def test_paused_proxy_keeps_connections_and_forwards_later(proxy: Proxy) -> None:
    with connect(proxy) as session:
        proxy.pause()
        session.sendall(b"late")
        session.settimeout(0.2)
        with pytest.raises(TimeoutError):
            session.recv(100)
        proxy.resume()
        session.settimeout(5)
        assert session.recv(100) == b"late"


def test_connection_made_during_a_pause_gets_no_answer_until_it_ends(proxy: Proxy) -> None:
    proxy.pause()
    with connect(proxy) as session:
        session.sendall(b"hello")
        session.settimeout(0.2)
        with pytest.raises(TimeoutError):
            session.recv(100)
        proxy.resume()
        session.settimeout(5)
        assert session.recv(100) == b"hello"


def test_dropped_connections_end_and_new_ones_are_taken(proxy: Proxy) -> None:
    with connect(proxy) as session:
        session.sendall(b"hello")
        assert session.recv(100) == b"hello"
        assert proxy.drop() == 1
        assert session.recv(100) == b""
    assert proxy.drop() == 0
    with connect(proxy) as session:
        session.sendall(b"again")
        assert session.recv(100) == b"again"


def test_connections_dropped_during_a_pause_end(proxy: Proxy) -> None:
    with connect(proxy) as session:
        session.sendall(b"hello")
        assert session.recv(100) == b"hello"
        proxy.pause()
        proxy.drop()
        assert session.recv(100) == b""


def test_closed_proxy_refuses_connections(proxy: Proxy) -> None:
    proxy.close()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)


def test_until_returns_what_was_waited_for() -> None:
    answers = iter([0, None, "", 7])
    assert until(lambda: next(answers), pause=0) == 7


def test_until_says_what_it_waited_for() -> None:
    with pytest.raises(AssertionError, match="waited 0 s in vain until pigs fly"):
        until(lambda: False, timeout=0, what="pigs fly")
