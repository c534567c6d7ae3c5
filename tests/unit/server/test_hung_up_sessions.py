"""News that a client has hung up: the descriptor that it is about may have been closed and its number given again."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from manor._server.processes import Process
from manor._server.server import Server
from manor._server.sessions import Session
from manor._transport.connection import known_peer
from manor.limits import DEFAULT


@pytest.fixture
def server() -> Iterator[Any]:
    found: Any = Server({}, None, b"key", "pickle")
    yield found
    found.close()
    found.reactor.close()


def session_of(server: Any, near: socket.socket) -> Session:
    process = Process(bytes(16), 1, "a client")
    return Session(known_peer(near, DEFAULT), process, 1, server.codec, server.dispatcher, server.functions)


def tell(server: Any, session: Session) -> bool:
    """Tell the server that the session's client has hung up; return whether its wait ends."""
    server._end_wait(session)
    while server.reactor._timers:
        server.reactor._timers.pop()[2]()
    return session.call.cancellation.cancelled


def test_a_wait_goes_on_when_it_was_another_session_that_ended(server: Any) -> None:
    near, far = socket.socketpair()
    with far:
        session = session_of(server, near)
        assert not tell(server, session)
        session.connection.close()


def test_a_wait_ends_when_its_client_has_hung_up(server: Any) -> None:
    near, far = socket.socketpair()
    session = session_of(server, near)
    far.close()
    assert tell(server, session)
    session.connection.close()


def test_a_wait_ends_when_its_session_is_closed_already(server: Any) -> None:
    near, far = socket.socketpair()
    with far:
        session = session_of(server, near)
        session.connection.close()
        assert tell(server, session)
