"""Who holds or waits for an object of ours in the server, as users are told."""

import multiprocessing
import os
import time

from manor._server.calls import Caller
from manor._wire import sites
from manor._wire.people import Holder, Waiter


def holder_of(who: Caller, since: float, where: str | None) -> Holder:
    """What is told of a thread: its process is this one, unless it called from another."""
    pid, name = os.getpid(), multiprocessing.current_process().name
    if who.process is not None:
        pid, name = who.process.pid, who.process.name
    return Holder(pid, who.thread, name, since, where)


class _Presence:
    """One thread's, in a with block: a class, for a generator would take as long as the rest of an `acquire`."""

    __slots__ = ("_present", "where", "who")

    def __init__(self, present: "dict[_Presence, float]", who: Caller) -> None:
        self._present = present
        self.who = who
        self.where = sites.told()

    def __enter__(self) -> None:
        self._present[self] = time.time()

    def __exit__(self, *_exc_info: object) -> None:
        del self._present[self]


class Attendance:
    """Those who wait, the first to come first. Changed under the lock of its object, and read without."""

    __slots__ = ("_present",)

    def __init__(self) -> None:
        self._present: dict[_Presence, float] = {}

    def of(self, who: Caller) -> _Presence:
        """Have `who` present in a with block, perhaps once more."""
        return _Presence(self._present, who)

    @property
    def waiters(self) -> list[Waiter]:
        """What is told of them."""
        present = list(self._present.items())
        return [Waiter(*holder_of(presence.who, since, presence.where)) for presence, since in present]
