"""Sessions: the connections on which a thread makes its calls, one call at a time on each.

A thread normally has one. It opens another when it calls while a call of its own is under way (a signal handler,
a finalizer, an object that rebuilds itself), and gives up one whose call was interrupted.
"""

from __future__ import annotations

import contextlib
import threading
import weakref

from manor._transport.connection import LOST, Connection
from manor._wire.calls import REGRET

__all__ = ["Session", "Sessions"]


class Session:
    """One connection in the role SESSION.

    Attributes:
        connection: The connection.
        number: The number of its last call.
        took: Whether that call took something, which the server would give back.
    """

    __slots__ = ("__weakref__", "connection", "number", "took")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.number = 0
        self.took = False

    def abandon(self) -> None:
        """Close the connection; what the last call took is given back, since nobody got it."""
        if self.took:
            with contextlib.suppress(*LOST):
                self.connection.send([REGRET], 0)
        self.connection.abandon()


class _Idle(threading.local):
    def __init__(self) -> None:
        self.sessions: list[Session] = []


class Sessions:
    """The sessions of every thread; those of a thread that ends close with it.

    Attributes:
        idle: Its ``sessions`` are the idle ones of the current thread.
    """

    def __init__(self) -> None:
        self.idle = _Idle()
        self._all: weakref.WeakSet[Session] = weakref.WeakSet()

    def add(self, connection: Connection) -> Session:
        """Return a new session on *connection*."""
        session = Session(connection)
        self._all.add(session)
        return session

    def give_up(self, session: Session) -> None:
        """Abandon a session whose call of this thread was interrupted, wherever that was."""
        sessions = self.idle.sessions
        if sessions and sessions[-1] is session:
            sessions.pop()
        session.abandon()

    def discard_all(self) -> None:
        """In a forked child: let go of every connection of the parent's."""
        for session in list(self._all):
            session.connection.discard()
        self.idle = _Idle()
        self._all = weakref.WeakSet()

    def close_all(self) -> None:
        """Close every connection; a thread that waits on one is woken."""
        for session in list(self._all):
            session.connection.close()
