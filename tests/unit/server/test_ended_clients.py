"""Calls of a client that has ended, as every client has for a server that ends, while they are carried out."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from manor._server.processes import Process
from manor._server.server import Server
from manor._server.sessions import Session
from manor._server.waiting import Abandoned
from manor._transport.connection import known_peer
from manor._wire.calls import Kind, pack_call, unpack_answer
from manor.limits import DEFAULT

NUMBER, NOBODYS = 7, 99


@pytest.fixture
def session() -> Iterator[Session]:
    server: Any = Server({}, None, b"key", "pickle")
    near, far = socket.socketpair()
    process = Process(bytes(16), 1, "a client")
    found = Session(known_peer(near, DEFAULT), process, 1, server.codec, server.dispatcher, server.functions)
    with far:
        yield found
    found.connection.close()
    server.close()
    server.reactor.close()


def call(session: Session) -> bytes:
    """Have a method of an object called that is gone; return the answer."""
    payload = session._codec.encode_plain((), {})
    assert payload is not None
    message = b"".join([pack_call(NUMBER, 0, 0, NOBODYS, b"waiting"), *payload])
    return b"".join(session._answer(bytearray(message)))


def test_a_client_is_told_that_an_object_is_gone(session: Session) -> None:
    kind, _ = unpack_answer(bytearray(call(session)), NUMBER)
    assert kind == Kind.ERROR


def test_what_is_gone_since_the_client_has_ended_is_no_answer(session: Session) -> None:
    session.process.end()
    with pytest.raises(Abandoned):
        call(session)
