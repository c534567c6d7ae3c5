"""A counter of permits: a limit on how many at once, or a count of signals."""

import sys
import threading
from functools import partial

from manor._server.attendance import Attendance
from manor._server.calls import Caller, Process, bury, caller, current
from manor._server.primitives.deaths import DeadOwner, Legacy
from manor._server.primitives.holdings import Holdings
from manor._server.waiters import wake_dead
from manor._server.waiting import refuse_dead, wait_until
from manor._wire.notes import is_to_raise
from manor._wire.people import Waiter


class Semaphore:
    """`threading.Semaphore` for callers in many processes. A monitor: `_free` guards all else.

    Args:
        value: How many permits there are at first.
        release_on_death: Give permits that a process took with `acquire` back when it dies. By default only
            those that it took with a with statement are: others may be signals, that nobody is to release.
        on_owner_death: `"raise"` has the next one that takes a permit after that get `OwnerDied`, and have the
            permit; `"warn"` warns it.
    """

    def __init__(self, value: int = 1, *, release_on_death: bool = False, on_owner_death: str = "warn") -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._free = threading.Condition(threading.Lock())
        self._value = value
        self._holdings = Holdings()
        self._tracks_all = release_on_death
        self._legacy = Legacy(raises=is_to_raise(on_owner_death))
        self._attendance = Attendance()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit as `threading` does; a negative timeout has passed already."""
        return self.acquire_noting_death(blocking, timeout)[0]

    def acquire_noting_death(
        self, blocking: bool = True, timeout: float | None = None
    ) -> tuple[bool, DeadOwner | None]:
        """Take a permit, and learn whether a process has died holding one.

        Raises:
            Abandoned: The call is over; nothing was taken.
        """
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        return self._take(timeout if blocking else 0, self._tracks_all)

    def enter(self) -> DeadOwner | None:
        """Take a permit for a with block: given back if the process dies in it."""
        return self._take(None, tracked=True)[1]

    def leave(self) -> None:
        """Give a permit back at the end of a with block."""
        with self._free:
            refuse_dead()
            self._check_release(1)
            me = caller()
            self._holdings.remove(me.process)
            self._add(1, me)

    def release(self, n: int = 1) -> None:
        """Add `n` permits, whoever took them, if anybody did."""
        if n < 1:
            raise ValueError("n must be one or more")
        with self._free:
            if self._tracks_all:  # else the permits are signals, and this is one that it sent
                refuse_dead()
            self._check_release(n)
            me = caller()
            for _ in range(n if self._tracks_all else 0):
                self._holdings.remove_any(me.process)
            self._add(n, me)

    def locked(self) -> bool:
        """Whether an acquire would have to wait."""
        return self._value == 0

    @property
    def is_held(self) -> bool:
        """Whether some process has a permit that its death would give back."""
        return bool(self._holdings)

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for a permit, the first to come first."""
        return self._attendance.waiters

    def owner_died(self) -> bool:
        """True from the death of a holder until the next one to acquire has released."""
        return self._legacy.pending

    def release_dead(self, process: Process) -> None:
        """Give back what `process`, which died abnormally, held and cannot have meant to keep."""
        bury(process)
        with self._free:
            heir = self._legacy.heir
            if isinstance(heir, Caller) and heir.process is process:
                self._legacy.disinherit(heir)
            count, where = self._holdings.forget(process)
            left_behind = min(count, self._room())
            if left_behind:
                self._legacy.leave(process, where)
                self._value += left_behind
            wake_dead(self._free, process)
            self._free.notify(left_behind)  # the first of those who wait

    def _take(self, seconds: float | None, tracked: bool) -> tuple[bool, DeadOwner | None]:
        me = caller()
        with self._free:
            with self._attendance.of(me):
                taken = wait_until(self._free, lambda: self._value > 0, seconds)
            if not taken:
                return False, None
            self._value -= 1
            if tracked:
                self._holdings.add(me.process)
            death = self._legacy.inherit(me)
        call = current()
        if call is not None:
            call.undo.append(partial(self._give_back, me, tracked))
        return True, death

    def _give_back(self, taker: Caller, tracked: bool) -> None:
        """Undo an acquisition whose answer was lost, unless the taker's death has done so."""
        with self._free:
            if tracked and not self._holdings.remove(taker.process):
                return
            self._legacy.disinherit(taker)
            if self._room():
                self._value += 1
                self._free.notify()

    # Holding `_free`:

    def _room(self) -> int:
        """How many permits may be added."""
        return sys.maxsize

    def _check_release(self, n: int) -> None:
        if n > self._room():
            raise ValueError("Semaphore released too many times")

    def _add(self, n: int, releaser: Caller) -> None:
        self._value += n
        self._legacy.settle(releaser)
        self._free.notify(n)
