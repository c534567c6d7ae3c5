"""Connections that break before they are accepted."""

import errno
import os
import socket
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from manor._server.server import Server


class FakeSocket:
    """Accepts what the test says, and then has nothing more."""

    def __init__(self, outcomes: list[Any]) -> None:
        self._outcomes = deque(outcomes)

    def accept(self) -> tuple[Any, Any]:
        outcome = self._outcomes.popleft() if self._outcomes else BlockingIOError()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome, None


class FakeListener:
    def __init__(self, *outcomes: Any) -> None:
        self.socket = FakeSocket(list(outcomes))


@pytest.fixture
def server() -> Iterator[Any]:
    found: Any = Server({}, None, b"key", "pickle")
    found.received = []
    found._receive = found.received.append
    yield found
    found.close()
    found.reactor.close()


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ETIMEDOUT])
def test_a_connection_that_broke_while_it_waited_is_passed_over(server: Any, number: int) -> None:
    sound, _ = socket.socketpair()
    with sound, _, pytest.raises(BlockingIOError):
        server._acceptor(FakeListener(OSError(number, os.strerror(number)), sound))()
    assert server.received == [sound]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EBADF])
def test_what_is_wrong_with_the_listener_itself_is_not_passed_over(server: Any, number: int) -> None:
    with pytest.raises(OSError, match=os.strerror(number)):
        server._acceptor(FakeListener(OSError(number, os.strerror(number))))()
    assert server.received == []
