"""Notices are kept, in order and whole, while the server's socket is full."""

import itertools
import socket

import pytest

from manor._proxy.control import Control
from manor._transport.connection import Connection
from manor._wire.control import Notice, What, unpack_notices

FRAMES_MAX = 100_000  # more than any socket takes
FRAMES_MORE = 10


@pytest.mark.parametrize("at_a_time", [1, 31, 32, 33, 500])
def test_no_notice_is_lost_or_cut_off_while_the_socket_is_full(at_a_time: int) -> None:
    near, far = (Connection(end.detach(), message_bytes_max=1 << 20) for end in socket.socketpair())
    control, numbers = Control(near, waits=False), itertools.count()

    def post() -> None:
        control.post_all([Notice(What.DROP, ident, 1) for ident in itertools.islice(numbers, at_a_time)])

    for _ in range(FRAMES_MAX):
        post()
        if control.pending:
            break
    for _ in range(FRAMES_MORE):
        post()
    assert control.pending
    arrived: list[int] = []
    while len(arrived) < control.posted:
        arrived += [notice.ident for notice in unpack_notices(far.receive(60.0))]
        control.flush()
    assert arrived == list(range(next(numbers)))
