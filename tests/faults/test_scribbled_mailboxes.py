"""A client that scribbles over the memory which it shares with the server harms its own session at most."""

import contextlib
import mmap
import os
import random
import socket
import struct
from collections.abc import Iterator

import pytest

from manor._wire.introduction import Role
from tests.faults.conversations import call
from tests.faults.stage import Attacked, attacked
from tests.faults.strangers import Stranger, process_of_strangers
from tests.faults.test_hostile_bytes import dumped

CASES = 150
MANY_CASES = 3_000
OFFER = struct.Struct("<QQQQ")  # length, magic, version, capacity
DOORBELL = b"\xff" * 8
PAGE = 4096
WORD = struct.Struct("<Q")
# Of each mailbox: taken, confirmed, sleeping, announced, published, length, and the message (crates/arena).
WORDS = (0, 8, 16, 128, 136, 144, 152)
CONFIRMED, SLEEPING, PUBLISHED, LENGTH, MESSAGE = 8, 16, 136, 144, 152
NUMBERS = (0, 1, 2, 3, 2**16, 2**16 + 1, 2**20, 2**20 + 2, 2**31, 2**32 - 1, 2**63, 2**64 - 1)


class Scribbler:
    """A session whose shared memory can be written to at will."""

    def __init__(self, stranger: Stranger, process: bytes) -> None:
        self.stranger = stranger
        stranger.enter(Role.SESSION, process)
        offer, descriptors, _, _ = socket.recv_fds(stranger.socket, OFFER.size, 1)
        _, _, _, capacity = OFFER.unpack(offer)
        (descriptor,) = descriptors
        self.size = os.fstat(descriptor).st_size
        self.memory = mmap.mmap(descriptor, self.size)
        os.close(descriptor)
        self.to_client, self.to_server = PAGE, (self.size + PAGE) // 2
        assert capacity <= self.to_server - self.to_client - MESSAGE

    def write(self, at: int, number: int) -> None:
        WORD.pack_into(self.memory, at, number)

    def post(self, number: int, message: bytes) -> None:
        """Put a message into the server's mailbox as a real client does."""
        start = self.to_server + MESSAGE
        self.memory[start : start + len(message)] = message
        self.write(self.to_server + LENGTH, len(message))
        self.write(self.to_server + PUBLISHED, number)
        self.stranger.say([DOORBELL])


@pytest.fixture(scope="module")
def server() -> Iterator[Attacked]:
    with attacked() as found:
        yield found


@contextlib.contextmanager
def scribbler(server: Attacked, process: bytes) -> Iterator[Scribbler]:
    with Stranger(server.path) as stranger:
        found = Scribbler(stranger, process)
        with contextlib.closing(found.memory):
            yield found


def keep(server: Attacked, number: int) -> bytes:
    """A call that keeps a number, as a message without its length."""
    return call(int(server.keeper._id, 16), b"keep", dumped(("scribbled", number)))[8:]


def test_what_is_put_into_a_mailbox_by_hand_arrives(server: Attacked) -> None:
    with process_of_strangers(server.path) as process, scribbler(server, process) as session:
        session.post(1, keep(server, 42))
        session.stranger.hang_up()
        session.stranger.hear_end()
    assert server.keeper.kept("scribbled") == 42
    server.check_unharmed()


def scribble(server: Attacked, rng: random.Random, cases: int) -> None:
    with process_of_strangers(server.path) as process:
        for case in range(cases):
            places = [rng.choice(WORDS) + rng.choice((PAGE, PAGE + 69_632)) for _ in range(rng.randrange(1, 5))]
            words = [(at, rng.choice((*NUMBERS, rng.getrandbits(64)))) for at in places]
            print(f"case {case}: {words}")
            with scribbler(server, process) as session:
                if rng.random() < 0.5:
                    session.post(1, keep(server, case))
                for at, number in words:
                    session.write(min(at, session.size - 8), number)
                session.stranger.say([DOORBELL])
                session.stranger.hang_up()
                session.stranger.hear_end()
            server.check(case)
    server.check_unharmed()


def test_scribbled_words_end_the_session_and_nothing_else(server: Attacked, rng: random.Random) -> None:
    scribble(server, rng, CASES)


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_many_scribbled_words_end_the_session_and_nothing_else(server: Attacked, rng: random.Random) -> None:
    scribble(server, rng, MANY_CASES)


def test_memory_full_of_noise_ends_the_session_and_nothing_else(server: Attacked, rng: random.Random) -> None:
    with process_of_strangers(server.path) as process:
        for _ in range(10):
            with scribbler(server, process) as session:
                session.memory[:] = rng.randbytes(session.size)
                session.stranger.say([DOORBELL])
                session.stranger.hang_up()
                session.stranger.hear_end()
    server.check_unharmed()


def test_a_result_that_nobody_confirmed_is_given_back_even_if_the_confirmations_are_scribbled(server: Attacked) -> None:
    items = server.manager.Queue()
    items.put("the item")
    number, _hold = items._link.ident_of(items._token)
    with process_of_strangers(server.path) as process, scribbler(server, process) as session:
        session.write(session.to_client + SLEEPING, 1)  # wants a doorbell
        session.post(1, call(number, b"get", dumped(()))[8:])
        session.stranger.hear(8)  # the doorbell: the answer has been given
        session.write(session.to_client + CONFIRMED, 2**40)
        session.stranger.hang_up()
        session.stranger.hear_end()
    assert items.get(timeout=10) == "the item"
    server.check_unharmed()


def test_memory_cannot_be_taken_away_from_under_the_server(server: Attacked) -> None:
    with process_of_strangers(server.path) as process, Stranger(server.path) as stranger:
        stranger.enter(Role.SESSION, process)
        _, descriptors, _, _ = socket.recv_fds(stranger.socket, OFFER.size, 1)
        (descriptor,) = descriptors
        for size in (0, 1 << 30):
            with pytest.raises(PermissionError):
                os.ftruncate(descriptor, size)
        os.close(descriptor)
        stranger.hang_up()
        stranger.hear_end()
    server.check_unharmed()
