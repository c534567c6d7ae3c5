"""What is said in pieces is understood as if it were said in one go: whole, byte by byte, or cut at random."""

import fcntl
import os
import random
import struct
import termios
from collections.abc import Callable, Iterator

import pytest

from manor._codec.pickles import dumps
from manor._transport.preamble import Proof, Verdict, pack_client, pack_server
from manor._wire.control import What, pack_pong
from manor._wire.introduction import Refusal, Role, Welcome
from tests.conformance.relay import Relay
from tests.conformance.subjects import until
from tests.faults.conversations import call
from tests.faults.stage import Attacked, attacked, client
from tests.faults.strangers import Stranger, frame, hello, notice, process_of_strangers

Manner = Callable[[bytes, random.Random], list[bytes]]
WORD = b"said in pieces" * 10


def at_random(data: bytes, rng: random.Random) -> list[bytes]:
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(8))
    return [piece for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if (piece := data[start:end])]


MANNERS: dict[str, Manner] = {
    "whole": lambda data, _: [data],
    "byte by byte": lambda data, _: [bytes((number,)) for number in data],
    "at random": at_random,
}
in_any_manner = pytest.mark.parametrize("manner", MANNERS)


@pytest.fixture(scope="module")
def server() -> Iterator[Attacked]:
    with attacked() as found:
        yield found


def say_when_heard(stranger: Stranger, pieces: list[bytes]) -> None:
    """Send each piece when the server has read the one before it: none meets another on the way."""
    for piece in pieces:
        stranger.socket.sendall(piece)
        while struct.unpack("i", fcntl.ioctl(stranger.socket, termios.TIOCOUTQ, bytes(4))) != (0,):
            os.sched_yield()


def welcomed(stranger: Stranger) -> Welcome:
    assert stranger.hear(8) == pack_server(Verdict.WELCOME)
    return Welcome.unpack(stranger.hear_frame())


@in_any_manner
def test_a_control_connection_of_the_same_user(server: Attacked, rng: random.Random, manner: str) -> None:
    for number in range(5):
        said = pack_client(Proof.SAME_USER) + frame(hello(Role.CONTROL, os.urandom(16)))
        with Stranger(server.path) as stranger:
            say_when_heard(stranger, MANNERS[manner](said + frame(notice(What.PING, number)), rng))
            assert welcomed(stranger).refusal is Refusal.NONE
            assert stranger.hear_frame() == pack_pong(number)
    server.check_unharmed()


@in_any_manner
def test_a_session_of_the_same_user(server: Attacked, rng: random.Random, manner: str) -> None:
    with process_of_strangers(server.path) as process:
        for number in range(5):
            said = pack_client(Proof.SAME_USER) + frame(hello(Role.SESSION, process))
            arguments = b"".join(bytes(part) for part in dumps((((manner, number), WORD), {})))
            said += call(int(server.keeper._id, 16), b"keep", arguments, number=number)
            with Stranger(server.path) as stranger:
                say_when_heard(stranger, MANNERS[manner](said, rng))
                assert welcomed(stranger).refusal is Refusal.NONE
                until(lambda number=number: server.keeper.kept((manner, number)) == WORD)  # type: ignore[misc]
    server.check_unharmed()


class Cutting(Relay):
    """Passes on in pieces what both sides say."""

    def __init__(self, server: tuple[str, int], manner: Manner, rng: random.Random) -> None:
        self._manner = manner
        self._rng = rng
        super().__init__(server)

    def pieces_of(self, data: bytes) -> list[bytes]:
        return self._manner(data, self._rng)


@in_any_manner
def test_clients_and_servers_over_tcp(server: Attacked, rng: random.Random, manner: str) -> None:
    middle = Cutting(server.tcp, MANNERS[manner], rng)
    try:
        with client(middle.address) as manager:
            keeper = manager.Keeper()
            for size in (0, 1, 100, 3_000):
                data = rng.randbytes(size)
                assert keeper.echo(data) == data
            del keeper
    finally:
        middle.close()
    server.check_unharmed()
