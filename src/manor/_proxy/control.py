"""The one control connection that a process keeps to a server.

Notices may be posted from anywhere, also from finalizers that interrupt this very module: posting never waits for
a lock that its own thread may hold. Whoever gets the lock sends what everybody posted; after letting go it looks
again, so nothing stays behind.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from typing import Final

from manor._transport.connection import LOST as CLOSED
from manor._transport.connection import Connection
from manor._wire.control import Farewell, Notice, Pong, What, pack_notice, unpack_news
from manor.errors import ProtocolError

__all__ = ["LOST", "Control"]

LOST: Final = (*CLOSED, ProtocolError)
"""What reading from a control connection raises whose peer is gone, or talks nonsense."""

_FRAME_NOTICES_MAX: Final = 32
_COUNT_MAX: Final = 2**62
"""A ``repeat`` counts down in one step and tells what is left in another, without a lock."""


class Control:
    """Sends notices in order, and hears why the server ended."""

    def __init__(self, connection: Connection, *, waits: bool) -> None:
        """Use *connection*, whose peer has welcomed us in the role CONTROL.

        Args:
            connection: The connection.
            waits: Whether sending may wait. On a Unix socket it does not: a short frame is sent as a whole or not at
                all, and kept while a stopped server's socket is full.
        """
        self.connection = connection
        self.send_s = None if waits else 0.0
        self.farewell: str | None = None
        self.pending: deque[bytes] = deque()
        self._uncounted = itertools.repeat(None, _COUNT_MAX)
        self._undropped = itertools.repeat(None, _COUNT_MAX)
        self._lock = threading.Lock()

    @property
    def dropped(self) -> int:
        """How many drops were sent on sessions so far."""
        return _COUNT_MAX - self._undropped.__length_hint__()

    def count_drop(self) -> None:
        """Count a drop that was sent on a session."""
        next(self._undropped)

    @property
    def posted(self) -> int:
        """How many notices were posted so far; read in one step, whatever other threads do."""
        return _COUNT_MAX - self._uncounted.__length_hint__()

    def post(self, notice: Notice) -> None:
        """Send *notice* without waiting for an answer; a dead server is not this method's business."""
        self.pending.append(pack_notice(notice))
        next(self._uncounted)
        self.flush()

    def post_all(self, notices: list[Notice]) -> None:
        """Send *notices* in one frame."""
        self.pending.extend(pack_notice(notice) for notice in notices)
        for _ in notices:
            next(self._uncounted)
        self.flush()

    def flush(self) -> None:
        """Send what is pending, as far as that takes no wait."""
        sent = True
        while sent and self.pending and self._lock.acquire(blocking=False):
            try:
                sent = self._send_pending()
            finally:
                self._lock.release()

    def catch_up(self, timeout: float | None) -> None:
        """Send what is pending, since a call is to come after it.

        Raises:
            TimeoutError: There was no room for it in time.
        """
        with self._lock:
            sent = self._send_pending(timeout)
        if not sent:
            raise TimeoutError

    def _send_pending(self, timeout: float | None = 0.0) -> bool:
        """Send what is pending; return whether there was room for it."""
        timeout = timeout if self.send_s is not None else None
        while self.pending:
            parts = [self.pending[at] for at in range(min(len(self.pending), _FRAME_NOTICES_MAX))]
            try:
                self.connection.send([b"".join(parts)], timeout)  # of many parts the kernel may take some only
            except TimeoutError:
                return False
            except LOST:
                self.pending.clear()
                return True
            for _ in parts:
                self.pending.popleft()
        return True

    def ping(self, timeout: float) -> bool:
        """Whether the server answers within *timeout* seconds; raise one of ``LOST`` when it is gone."""
        end = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            return False
        try:
            number = self.posted
            next(self._uncounted)
            self.pending.append(pack_notice(Notice(What.PING, number)))
            self._send_pending()
            while self._hear(max(0.0, end - time.monotonic())) != number:
                pass
        except TimeoutError:
            return False
        finally:
            self._lock.release()
            self.flush()
        return True

    def _hear(self, timeout: float) -> int | None:
        """Read one message of the server's; return the number of a pong."""
        try:
            news = unpack_news(self.connection.receive(timeout))
        except OverflowError as error:
            raise ProtocolError(f"the server says {error}") from None
        if isinstance(news, Pong):
            return news.number
        if isinstance(news, Farewell):
            self.farewell = news.reason
        return None

    def hear_farewell(self, timeout: float) -> str | None:
        """Return why the server said it ended, waiting at most *timeout* seconds for its connection's end."""
        end = time.monotonic() + timeout
        with self._lock:
            try:
                while self.farewell is None:
                    self._hear(max(0.0, end - time.monotonic()))
            except LOST:
                pass
        return self.farewell

    def hold_still(self, timeout: float) -> bool:
        """Keep every other thread from sending, so that a fork finds the connection between two frames."""
        return self._lock.acquire(timeout=timeout)

    def announce_fork(self, token: bytes) -> None:
        """While holding still: say that a child about to be forked holds what we hold."""
        self.pending.append(pack_notice(Notice(What.FORK, token=token)))
        next(self._uncounted)
        self._send_pending()

    def go_on(self) -> None:
        """End ``hold_still``."""
        self._lock.release()
        self.flush()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def discard(self) -> None:
        """In a forked child: let go of the parent's connection."""
        self.connection.discard()
