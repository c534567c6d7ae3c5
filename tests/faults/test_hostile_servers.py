"""A server that is none, or that lies: its clients get an error of manor's, in time, and go on."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import manor
from manor._codec.pickles import dumps
from manor._native import Connection
from manor._transport.preamble import Proof, Verdict, pack_client, pack_server
from manor._wire.calls import Kind, pack_answer, unpack_call
from manor._wire.control import pack_farewell, pack_pong
from manor._wire.introduction import Refusal
from manor._wire.tokens import Route, Token
from manor.limits import Limits
from tests.faults.impostors import Behaviour, Impostor, Peer, a_welcome, honest_but, impostor
from tests.faults.stage import client
from tests.faults.strangers import LIMIT_S, canary, frame

SHORT_S = 0.3
HASTY = Limits(handshake_s=SHORT_S, message_bytes_max=100_000)

# Before the client knows whom it has reached


def nothing(_peer: Peer) -> None:
    """Hang up."""


def then(data: bytes, after: Callable[[Peer], None] = nothing) -> Behaviour:
    """Hear the client's preamble, say something, and hang up unless there is something else to do."""

    def behave(peer: Peer) -> None:
        peer.hear(8)
        peer.say(data)
        after(peer)

    return behave


def welcomed_then(data: bytes, after: Callable[[Peer], None] = nothing) -> Behaviour:
    """Hear the client out, and say something in place of a welcome."""

    def behave(peer: Peer) -> None:
        peer.hear(8)
        peer.say(pack_server(Verdict.WELCOME))
        peer.hear_frame()
        peer.say(data)
        after(peer)

    return behave


def flood(peer: Peer) -> None:
    while True:
        peer.say(bytes(8 * 1000))


def other_version() -> bytes:
    preamble = bytearray(pack_server(Verdict.WELCOME))
    preamble[5] = 99
    return bytes(preamble)


GREETINGS: dict[str, tuple[Behaviour, type[Exception]]] = {
    "hangs up at once": (nothing, manor.ManagerDied),
    "hangs up when it has heard us": (then(b""), manor.ManagerDied),
    "says half a word": (then(b"man"), manor.ManagerDied),
    "is silent": (Peer.stall, manor.CallTimeout),
    "falls silent in its first word": (then(b"man", Peer.stall), manor.CallTimeout),
    "is a web server": (then(b"HTTP/1.1 400 Bad Request\r\n\r\n"), manor.ProtocolError),
    "talks garbage": (then(os.urandom(100)), manor.ProtocolError),
    "speaks another version": (then(other_version()), manor.ProtocolError),
    "gives an unknown verdict": (then(pack_server(Verdict.WELCOME)[:6] + b"\x63\0"), manor.ProtocolError),
    "is another user's": (then(pack_server(Verdict.OTHER_USER)), manor.AuthenticationError),
    "wants a key": (then(pack_server(Verdict.NEEDS_KEY)), manor.AuthenticationError),
    "is busy": (then(pack_server(Verdict.BUSY)), manor.ServerBusy),
    "is busy and does not hear us": (lambda peer: peer.say(pack_server(Verdict.BUSY)), manor.ServerBusy),
}

WELCOMES: dict[str, tuple[Behaviour, type[Exception]]] = {
    "hangs up on an introduction": (welcomed_then(b""), manor.ManagerDied),
    "falls silent": (welcomed_then(b"", Peer.stall), manor.CallTimeout),
    "falls silent within a welcome": (welcomed_then(frame(a_welcome().pack())[:30], Peer.stall), manor.CallTimeout),
    "hangs up within a welcome": (welcomed_then(frame(a_welcome().pack())[:30]), manor.ManagerDied),
    "says nothing at length": (welcomed_then(b"", flood), manor.CallTimeout),
    "welcomes with garbage": (welcomed_then(frame(os.urandom(60))), manor.ProtocolError),
    "welcomes too shortly": (welcomed_then(frame(a_welcome().pack()[:-1])), manor.ProtocolError),
    "welcomes at too great length": (welcomed_then(frame(a_welcome().pack() + bytes(9))), manor.ProtocolError),
    "announces a huge welcome": (welcomed_then((1 << 40).to_bytes(8, "little")), manor.MessageTooLarge),
    "announces a welcome of all bytes": (welcomed_then((2**64 - 2).to_bytes(8, "little")), manor.MessageTooLarge),
    "asks for an eternal lease": (
        welcomed_then(frame(a_welcome(pickle_lease_s=1e300).pack())),
        manor.ProtocolError,
    ),
    "does not speak pickle": (welcomed_then(frame(a_welcome(Refusal.OTHER_SERIALIZER).pack())), manor.ProtocolError),
}


def meets(address: Any, expected: type[Exception]) -> None:
    """Connect, and assert that it ends in an error of that kind, in time."""
    start = time.monotonic()
    with pytest.raises(expected) as caught, client(address, HASTY):
        pass
    assert isinstance(caught.value, manor.ManorError)
    assert time.monotonic() - start < SHORT_S + 1.0


@pytest.mark.parametrize("greeting", GREETINGS)
def test_a_server_at_a_tcp_port_that(greeting: str) -> None:
    behaviour, expected = GREETINGS[greeting]
    with impostor(("127.0.0.1", 0), behaviour) as found:
        meets(found.address, expected)


@pytest.mark.parametrize("greeting", [*GREETINGS, *WELCOMES])
def test_a_server_of_the_same_user_that(greeting: str, tmp_path: Path) -> None:
    behaviour, expected = {**GREETINGS, **WELCOMES}[greeting]
    with impostor(str(tmp_path / "socket"), behaviour) as found:
        start = time.monotonic()
        with pytest.raises(manor.ManorError) as caught, manor.deadline(SHORT_S):
            proxy_for(found)
        assert time.monotonic() - start < SHORT_S + 1.0
    # Who unpickles a proxy knows that there was a manager: one that answers so is taken for dead.
    assert isinstance(caught.value, expected if issubclass(expected, KEPT) else manor.ManagerDied)


KEPT = (manor.AuthenticationError, manor.CallTimeout, manor.ServerBusy, manor.MessageTooLarge)


def proxy_for(found: Impostor) -> Any:
    """A proxy of an object that an impostor might have."""
    welcome = a_welcome()
    route = Route(found.name, welcome.machine, found.address, os.getpid())
    return manor.managers.AutoProxy(Token("Keeper", found.address, "1", route), "pickle", exposed=("echo",))


def test_a_server_that_does_not_know_the_key_learns_nothing_and_makes_nobody_unpickle(tmp_path: Path) -> None:
    heard: list[bytes] = []
    path = tmp_path / "unpickled"

    def behave(peer: Peer) -> None:
        heard.append(peer.hear(8))
        peer.say(pack_server(Verdict.WELCOME) + frame(canary(path)) + canary(path) + bytes(1000))
        heard.append(peer.socket.recv(1 << 16))

    with impostor(("127.0.0.1", 0), behave) as found:
        meets(found.address, manor.AuthenticationError)
    assert heard[0] == pack_client(Proof.KEY)
    assert len(heard[1]) < 100
    assert not path.exists()


# Once the client trusts it


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[tuple[Impostor, Any]]:
    """A server of the same user that answers nothing yet, and a proxy of an object of its."""
    with impostor(str(tmp_path / "socket"), honest_but(Peer.stall)) as found:
        proxy = proxy_for(found)
        yield found, proxy
        proxy._link.end("was let go by the test")


def answering(*messages: Callable[[int], bytes]) -> Behaviour:
    """Answer the calls of a session by these messages, and then no more."""

    def session(peer: Peer) -> None:
        connection = peer.with_mailboxes()
        try:
            for message in messages:
                number = unpack_call(connection.receive(LIMIT_S))[0]
                connection.send([message(number)])
            receive_until_end(connection)
        finally:
            connection.close()

    return honest_but(session)


def shouting(raw: bytes, *, and_hang_up: bool = False) -> Behaviour:
    """Answer a call by bytes that are no message."""

    def session(peer: Peer) -> None:
        connection = peer.with_mailboxes()
        try:
            connection.receive(LIMIT_S)
            os.write(connection.fileno(), raw)
            if not and_hang_up:
                receive_until_end(connection)
        finally:
            connection.close()

    return honest_but(session)


def receive_until_end(connection: Connection) -> None:
    while True:
        connection.receive(LIMIT_S)


def result(value: object, kind: Kind = Kind.RESULT) -> Callable[[int], bytes]:
    payload = b"".join(bytes(part) for part in dumps(value))
    return lambda number: pack_answer(kind, False, number) + payload


ANSWERS: dict[str, tuple[Behaviour, type[Exception]]] = {
    "to another call": (answering(lambda number: result(1)(number + 1)), manor.ProtocolError),
    "of no kind": (answering(lambda number: b"\x63" + result(1)(number)[1:]), manor.ProtocolError),
    "cut within its head": (answering(lambda number: result(1)(number)[:3]), manor.ProtocolError),
    "without a payload": (answering(lambda number: pack_answer(Kind.RESULT, False, number)), Exception),
    "with half a pickle": (answering(lambda number: result("x" * 99)(number)[:-9]), Exception),
    "with garbage for a pickle": (answering(lambda number: pack_answer(Kind.RESULT, False, number) + b"?"), Exception),
    "with buffers missing": (
        answering(lambda number: pack_answer(Kind.RESULT, False, number) + b"B\x05\0\0\0" + bytes(9)),
        manor.ProtocolError,
    ),
    "with an error that is none": (answering(result("no error", Kind.ERROR)), Exception),
    "with an error of garbage": (answering(lambda number: pack_answer(Kind.ERROR, False, number) + b"?"), Exception),
    "with a proxy that is none": (answering(result("no proxy", Kind.PROXY)), Exception),
    "too large": (shouting((2**62).to_bytes(8, "little")), manor.MessageTooLarge),
    "never complete": (shouting((99).to_bytes(8, "little") + b"?", and_hang_up=True), manor.ProtocolError),
    "that goes on and on": (shouting((99).to_bytes(8, "little") + b"?"), manor.CallTimeout),
    "of silence at length": (shouting(bytes(8 * 1000)), manor.CallTimeout),
    "of doorbells": (shouting(b"\xff" * 8 * 1000), manor.CallTimeout),
    "of silence": (answering(), manor.CallTimeout),
    "by hanging up": (honest_but(lambda peer: peer.with_mailboxes().close()), manor.ProtocolError),
    "before there are mailboxes": (honest_but(lambda peer: peer.say(frame(bytes(24)))), manor.ProtocolError),
    "without mailboxes": (honest_but(nothing), manor.ProtocolError),
    "with mailboxes of no memory": (
        honest_but(
            lambda peer: peer.say(frame(b"sxobliam" + (1).to_bytes(8, "little") + (65536).to_bytes(8, "little")))
        ),
        manor.ProtocolError,
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer(answer: str, liar: tuple[Impostor, Any]) -> None:
    server, proxy = liar
    server.behaviour, expected = ANSWERS[answer]
    start = time.monotonic()
    with pytest.raises(expected), manor.deadline(SHORT_S):
        proxy.echo(1)
    assert time.monotonic() - start < SHORT_S + 1.0
    server.behaviour = answering(result("right"))
    with manor.deadline(LIMIT_S):
        assert proxy.echo(1) == "right"


def test_an_answer_that_comes_twice_is_not_the_answer_to_the_next_call(liar: tuple[Impostor, Any]) -> None:
    server, proxy = liar

    def twice(peer: Peer) -> None:
        connection = peer.with_mailboxes()
        number = unpack_call(connection.receive(LIMIT_S))[0]
        for _ in range(2):
            connection.send([result("first")(number)])
        receive_until_end(connection)

    server.behaviour = honest_but(twice)
    with manor.deadline(LIMIT_S):
        assert proxy.echo(1) == "first"
        server.behaviour = answering(result("second"))
        with pytest.raises(manor.ProtocolError, match="answer to call"):
            proxy.echo(2)
        assert proxy.echo(2) == "second"


def test_a_server_that_ends_has_ended_though_it_still_answers(tmp_path: Path) -> None:
    def say_farewell_and_answer(peer: Peer) -> None:
        peer.say(frame(pack_farewell("had to go")) + frame(pack_pong(peer.hear_ping())))
        peer.serve_control()

    hanging_up = honest_but(lambda peer: peer.with_mailboxes().close(), say_farewell_and_answer)
    with impostor(str(tmp_path / "ending"), hanging_up) as found:
        proxy = proxy_for(found)
        with pytest.raises(manor.ManagerDied, match="had to go"), manor.deadline(LIMIT_S):
            proxy.echo(1)


@pytest.mark.parametrize(
    "news", [b"", frame(b"\x09" * 9), frame(b"\x02"), (2**62).to_bytes(8, "little"), frame(bytes(9)) * 100]
)
def test_a_server_whose_last_words_are_nonsense_is_dead(news: bytes, tmp_path: Path) -> None:
    def say_nonsense(peer: Peer) -> None:
        peer.hear_ping()
        peer.say(news)

    with impostor(str(tmp_path / "another"), honest_but(nothing, say_nonsense)) as found:
        proxy = proxy_for(found)
        for _ in range(2):
            with pytest.raises(manor.ManagerDied, match="closed or lost the connection"), manor.deadline(LIMIT_S):
                proxy.echo(1)
