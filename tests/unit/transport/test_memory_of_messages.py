"""The memory that messages are received in: used again when nobody has it any more, and only then."""

import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from manor._native import Connection

LEAST, MOST = 64 << 10, 1 << 20
BYTES_MAX = 1 << 24

Pair = tuple[Connection, Connection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ends = [Connection(end.detach(), message_bytes_max=BYTES_MAX) for end in socket.socketpair()]
    yield ends[0], ends[1]
    for end in ends:
        end.close()


def exchange(pair: Pair, fill: int, size: int) -> bytearray:
    data = bytes([fill]) * size
    sender = threading.Thread(target=pair[0].send, args=([data], 20))
    sender.start()
    message = pair[1].receive(20)
    sender.join()
    assert message == data
    return message


def holders(message: bytearray) -> int:
    """Return how many have *message* besides whoever asks."""
    fresh = bytearray(1)
    return sys.getrefcount(message) - sys.getrefcount(fresh) - 1


@pytest.mark.parametrize(("size", "kept"), [(1_000, 0), (LEAST - 1, 0), (LEAST, 1), (MOST, 1), (MOST + 1, 0)])
def test_memory_is_kept_where_that_pays_and_is_not_too_much(pair: Pair, size: int, kept: int) -> None:
    message = exchange(pair, 1, size)
    assert holders(message) == kept


def test_memory_of_a_message_is_used_again_when_nobody_has_it(pair: Pair) -> None:
    known = id(exchange(pair, 1, 2 * LEAST))
    assert id(exchange(pair, 2, 2 * LEAST - 10)) == known


def test_a_message_that_somebody_has_stays_as_it_is(pair: Pair) -> None:
    message = exchange(pair, 1, LEAST)
    view = memoryview(exchange(pair, 2, LEAST))
    exchange(pair, 3, LEAST)
    assert message == bytes([1]) * LEAST
    assert view == bytes([2]) * LEAST


@pytest.mark.parametrize("sizes", [(LEAST, MOST), (MOST, LEAST), (LEAST, 3 * MOST), (MOST + 1, 7), (MOST, MOST)])
def test_messages_of_changing_size_arrive_whole(pair: Pair, sizes: tuple[int, int]) -> None:
    for fill, size in enumerate(sizes * 3):
        exchange(pair, fill, size)
