"""Who holds or waits for an object of ours in the server, as users are told."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from manor._server.calls import Caller
from manor._wire.people import Holder, Waiter


def holder_of(who: Caller, since: float) -> Holder:
    """What is told of a thread: its process is this one, unless it called from another."""
    pid, name = os.getpid(), multiprocessing.current_process().name
    if who.process is not None:
        pid, name = who.process.pid, who.process.name
    return Holder(pid, who.thread, name, since)


class Attendance:
    """Those who wait, the first to come first. Changed under the lock of its object, and read without."""

    __slots__ = ("_present",)

    def __init__(self) -> None:
        self._present: dict[object, tuple[Caller, float]] = {}

    @contextmanager
    def of(self, who: Caller) -> Iterator[None]:
        """Have `who` present in a with block, perhaps once more."""
        key = object()
        self._present[key] = who, time.time()
        try:
            yield
        finally:
            del self._present[key]

    @property
    def waiters(self) -> list[Waiter]:
        """What is told of them."""
        return [Waiter(*holder_of(who, since)) for who, since in list(self._present.values())]
