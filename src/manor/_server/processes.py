"""The server's record of a client process: what came from it, and how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from manor._server.calls import current
from manor._server.waiting import Abandoned, Cancellation

if TYPE_CHECKING:
    from manor._server.sessions import Session

__all__ = ["Process", "Processes"]


_LATE_NOTICES_S: Final = 1.0
"""How long notices may be on their way that were sent before a session was closed."""


class Process:
    """One client process, from its first control connection until that ends.

    Attributes:
        id: The 16 bytes by which it names itself.
        pid: Its process id, as it sees it itself.
        name: The name of the process.
        said_goodbye: Whether it has announced an orderly end.
        ended: Whether its control connection has ended.
        has_hung_up: Tells whether it has closed its control connection, though the news of that may not be here yet.
    """

    def __init__(self, id: bytes, pid: int, name: str) -> None:  # noqa: A002 - what it is
        self.id = id
        self.pid = pid
        self.name = name
        self.said_goodbye = False
        self.ended: bool = False
        self.sessions: set[Session] = set()
        self.has_hung_up: Callable[[], bool] = lambda: False
        self._notices = 0
        self._drops = 0
        self._advanced = threading.Condition()

    def __repr__(self) -> str:
        return f"<client process {self.pid} ({self.name})>"

    def count_notices(self, count: int) -> None:
        """Note that *count* more notices have been carried out."""
        with self._advanced:
            self._notices += count
            self._advanced.notify_all()

    def count_drop(self) -> None:
        """Note that one more drop, sent on a session, has been carried out."""
        with self._advanced:
            self._drops += 1
            self._advanced.notify_all()

    def await_notices(self, notices: int, drops: int | None = None) -> None:
        """Wait until all that the process had sent before a call or a drop has been carried out.

        A client may lie about what it has sent, but for no longer than it keeps the session open.

        Args:
            notices: How many notices it had posted.
            drops: Before a call, how many drops it had sent; None before a drop.

        Raises:
            Abandoned: Before a call: the client closed the session meanwhile.
        """
        if self._notices >= notices and self._drops >= (drops or 0):
            return
        cancellation = call.cancellation if (call := current()) is not None else Cancellation()
        cancellation.add(self._wake)
        try:
            if self._wait(notices, drops or 0, cancellation):
                return
        finally:
            cancellation.discard(self._wake)
        if drops is not None:
            raise Abandoned
        self._wait(notices, 0, timeout=_LATE_NOTICES_S)  # a thread that drops and ends: others count on its drops

    def _wait(
        self, notices: int, drops: int, cancellation: Cancellation | None = None, timeout: float | None = None
    ) -> bool:
        """Whether the notices came, or the process ended; not when *cancellation* fired first."""

        def settled() -> bool:
            return (self._notices >= notices and self._drops >= drops) or self.ended

        def over() -> bool:
            return settled() or (cancellation is not None and cancellation.cancelled)

        with self._advanced:
            self._advanced.wait_for(over, timeout)
            return settled()

    def _wake(self) -> None:
        with self._advanced:
            self._advanced.notify_all()

    def end(self) -> None:
        """Note that the process is gone."""
        with self._advanced:
            self.ended = True
            self._advanced.notify_all()


class Processes:
    """All client processes, by the name that each gives itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[bytes, Process] = {}

    def add(self, process: Process) -> bool:
        """Enter *process*; False when one of that name is there already."""
        with self._lock:
            return self._by_id.setdefault(process.id, process) is process

    def find(self, id: bytes) -> Process | None:  # noqa: A002 - what it is
        """Return the process of that name, if it lives."""
        return self._by_id.get(id)

    def remove(self, process: Process) -> None:
        """Forget *process*."""
        with self._lock:
            if self._by_id.get(process.id) is process:
                del self._by_id[process.id]

    def all(self) -> list[Process]:
        """Return every process that lives."""
        with self._lock:
            return list(self._by_id.values())
