"""Somebody between a client and its server changes what they say: an error of manor's, and never a wrong answer."""

import random
from collections.abc import Iterator

import pytest

import manor
from manor.limits import Limits
from tests.conformance.relay import Conversation, Relay
from tests.faults.stage import Attacked, attacked, client

SHORT_S = 0.3
HASTY = Limits(handshake_s=SHORT_S)
CASES = 60
MANY_CASES = 1_000


class Tampering(Relay):
    """Does something to one byte of what passes."""

    def __init__(self, server: tuple[str, int], rng: random.Random) -> None:
        self._who = rng.choice(("client", "server"))
        self._connection = rng.randrange(2)
        self._at = rng.choice((rng.randrange(0, 8), rng.randrange(120), rng.randrange(400)))
        self._kind = rng.choice(("flip", "flip", "flip", "cut", "insert", "repeat"))
        self._bit = 1 << rng.randrange(8)
        super().__init__(server)

    def __repr__(self) -> str:
        return f"{self._kind} at byte {self._at} of the {self._who}'s, connection {self._connection}, bit {self._bit}"

    def passed_on(self, conversation: Conversation, who: str, data: bytes) -> bytes:
        if who != self._who or self.conversations.index(conversation) != self._connection:
            return data
        at = self._at - sum(len(piece) for piece in conversation.said_by(who))
        if not 0 <= at < len(data):
            return data
        if self._kind == "cut":
            return b""
        if self._kind == "insert":
            return data[:at] + bytes((self._bit,)) + data[at:]
        if self._kind == "repeat":
            return data[: at + 1] + data[at:]
        return data[:at] + bytes((data[at] ^ self._bit,)) + data[at + 1 :]


def tamper(server: Attacked, rng: random.Random, cases: int) -> None:
    for number in range(cases):
        middle = Tampering(server.tcp, rng)
        print(f"case {number}: {middle}")
        try:
            with client(middle.address, HASTY) as manager, manor.deadline(SHORT_S):
                keeper = manager.Keeper()
                for value in ("one", "two", "three"):
                    assert keeper.echo(value) == value
        except manor.ManorError as error:
            print(f"  {type(error).__name__}: {error}")
        finally:
            middle.close()
        server.check(number)
    server.check_unharmed()


@pytest.fixture(scope="module")
def server() -> Iterator[Attacked]:
    with attacked(HASTY) as found:
        yield found


def test_tampering_is_an_error_of_manors_and_never_a_wrong_answer(server: Attacked, rng: random.Random) -> None:
    tamper(server, rng, CASES)


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_much_tampering_is_an_error_of_manors_and_never_a_wrong_answer(server: Attacked, rng: random.Random) -> None:
    tamper(server, rng, MANY_CASES)
