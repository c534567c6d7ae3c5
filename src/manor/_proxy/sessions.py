"""Sessions: the connections on which a thread makes its calls, one call at a time on each.

A thread normally has one. It opens another when it calls while a call of its own is under way (a signal handler,
a finalizer, an object that rebuilds itself), and gives up one whose call was interrupted.
"""

from __future__ import annotations

import threading
import weakref
from typing import Final

from manor._native import Connection
from manor._wire.calls import Answer, pack_call, unpack_answer
from manor.errors import ProtocolError

__all__ = ["Session", "Sessions"]

_ID_MASK: Final = 0xFFFFFFFF


class Session:
    """One connection in the role SESSION."""

    __slots__ = ("__weakref__", "connection", "number")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.number = 0

    def call(
        self, notices: int, ident: int, method: str, payload: list[bytes | bytearray | memoryview], timeout: float | None
    ) -> Answer:
        """Send a call and return its answer; after ``TimeoutError`` the answer may still be awaited."""
        number = self.number = (self.number + 1) & _ID_MASK
        head = pack_call(number, notices, ident, method.encode())
        return self._checked(self.connection.call([head, *payload], timeout))

    def await_answer(self, timeout: float | None) -> Answer:
        """Go on waiting for the answer of a call that timed out."""
        return self._checked(self.connection.receive(timeout))

    def _checked(self, data: bytearray) -> Answer:
        answer = unpack_answer(data)
        if answer.number != self.number:
            raise ProtocolError(f"an answer to call {answer.number} where {self.number} was asked")
        return answer


class _Local(threading.local):
    def __init__(self) -> None:
        self.idle: list[Session] = []


class Sessions:
    """The idle sessions of every thread; those of a thread that ends close with it."""

    def __init__(self) -> None:
        self._local = _Local()
        self._all: weakref.WeakSet[Session] = weakref.WeakSet()

    def borrow(self) -> Session | None:
        """Return an idle session of the current thread, if there is one."""
        idle = self._local.idle
        return idle.pop() if idle else None

    def give_back(self, session: Session) -> None:
        """Make *session* idle again for the current thread."""
        self._local.idle.append(session)

    def add(self, connection: Connection) -> Session:
        """Return a new session on *connection*."""
        session = Session(connection)
        self._all.add(session)
        return session

    def discard_all(self) -> None:
        """In a forked child: let go of every connection of the parent's."""
        for session in list(self._all):
            session.connection.discard()
        self.__init__()  # type: ignore[misc]

    def close_all(self) -> None:
        """Close every connection; a thread that waits on one is woken."""
        for session in list(self._all):
            session.connection.close()
