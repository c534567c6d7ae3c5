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


ARGUMENTS = pytest.mark.parametrize("argument", [None, b"no pickle"], ids=["none", "unreadable"])


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


def call(session: Session, argument: bytes | None = None) -> bytes:
    """Have a method of an object called that is gone, with an argument in bytes of its own; return the answer."""
    payload = session._codec.encode_plain((), {}) if argument is None else [argument]
    assert payload is not None
    message = b"".join([pack_call(NUMBER, 0, 0, NOBODYS, b"waiting"), *payload])
    return b"".join(session._answer(bytearray(message)))


@ARGUMENTS
def test_a_client_is_told_what_is_wrong(session: Session, argument: bytes | None) -> None:
    kind, _ = unpack_answer(bytearray(call(session, argument)), NUMBER)
    assert kind == Kind.ERROR


@ARGUMENTS
def test_a_client_that_has_ended_is_told_nothing(session: Session, argument: bytes | None) -> None:
    session.process.end()
    with pytest.raises(Abandoned):
        call(session, argument)
