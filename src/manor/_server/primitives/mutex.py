"""What Lock and RLock have in common: one holding at a time, that can be undone, and that death ends."""

import threading
import time
from functools import partial

from manor._server.attendance import Attendance, holder_of
from manor._server.calls import Caller, Process, bury, caller, current, is_dead
from manor._server.primitives.deaths import DeadOwner, Legacy
from manor._server.waiters import draw_ticket, wake_dead
from manor._server.waiting import (
    Abandoned,
    nobody,
    refuse_dead,
    step_aside_if_over,
    wait_unless_dead,
    wait_until,
)
from manor._wire import sites
from manor._wire.notes import is_to_raise
from manor._wire.people import Holder, Waiter


def patience(blocking: bool, timeout: float) -> float | None:
    """How long `acquire(blocking, timeout)` may wait, in seconds; None for ever.

    Raises:
        ValueError, OverflowError, TypeError: Whatever this version of Python raises for such arguments.
    """
    if blocking is True and timeout == -1:
        return None
    threading.Lock().acquire(blocking, timeout)  # a lock that is free checks, and does not wait
    if not blocking:
        return 0
    return None if timeout == -1 else timeout


class Holding:
    """One tenure of a lock. Its identity tells it from later ones of the same caller."""

    __slots__ = ("caller", "count", "since", "where")

    def __init__(self, owner: Caller) -> None:
        self.caller = owner
        self.count = 0
        self.since = time.time()
        self.where = sites.told()


class Mutex:
    """A lock that knows who holds it. A monitor: `_free` guards all else.

    Args:
        on_owner_death: `"raise"` has the next one that acquires after a killed owner get `OwnerDied`, and hold
            the lock; `"warn"` warns it.
    """

    def __init__(self, *, on_owner_death: str = "warn") -> None:
        monitor = threading.Lock()
        self._free = threading.Condition(monitor)
        # Callers whose wait on a condition has given the lock up and not taken it again yet.
        self._suspended: set[Caller] = set()
        self._restored = threading.Condition(monitor)
        self._holding: Holding | None = None
        self._legacy = Legacy(raises=is_to_raise(on_owner_death))
        self._attendance = Attendance()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire as `threading` does; a timeout of None or -1 waits for ever."""
        return self.acquire_noting_death(blocking, timeout)[0]

    def acquire_noting_death(
        self, blocking: bool = True, timeout: float | None = None
    ) -> tuple[bool, DeadOwner | None]:
        """Acquire, and learn whether the owner before died holding the lock.

        Raises:
            Abandoned: The call is over; nothing was taken.
        """
        seconds = patience(blocking, -1 if timeout is None else timeout)
        me = caller()
        with self._free:
            with self._attendance.of(me):
                taken = wait_until(self._free, partial(self._is_free_for, me), seconds)
            if not taken:
                return False, None
            holding, death = self._grant(me, 1)
        call = current()
        if call is not None:
            call.undo.append(partial(self._give_back, holding))
        return True, death

    def enter(self) -> DeadOwner | None:
        """Acquire for a with block."""
        return self.acquire_noting_death()[1]

    def leave(self) -> None:
        """Release at the end of a with block."""
        self.release()

    def release(self) -> None:
        """Release as `threading` does."""
        with self._free:
            refuse_dead()
            self._await_restored(caller())
            holding = self._holding_to_release()
            holding.count -= 1
            if not holding.count:
                self._vacate(holding)

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._holding is not None

    @property
    def holder(self) -> Holder | None:
        """The thread that holds it, or None."""
        holding = self._holding
        return None if holding is None else holder_of(holding.caller, holding.since, holding.where)

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for it, the first to come first."""
        return self._attendance.waiters

    def owner_died(self) -> bool:
        """True from the death of an owner until the next one has released."""
        return self._legacy.pending

    def release_dead(self, process: Process) -> None:
        """Give back what `process`, which died abnormally, held: to the first of those who wait."""
        bury(process)
        with self._free:
            wake_dead(self._free, process)
            holding = self._holding
            if holding is not None and holding.caller.process is process:
                self._legacy.leave(process, holding.where)
                self._holding = None
                self._free.notify()

    # For Condition, whose `wait` gives the lock up and takes it again. A client thread that was interrupted in a wait
    # may come back, by another session, before the wait has ended: it believes that it has the lock, so it waits until
    # that is so.

    def is_owned(self) -> bool:
        """Whether the caller may wait and notify."""
        me = caller()
        with self._free:
            self._await_restored(me)
            return self._is_held_by(me)

    def release_save(self) -> int:
        """Release wholly; how many times it was acquired. The caller is to call `acquire_restore`."""
        me = caller()
        with self._free:
            holding = self._holding_to_release()
            self._suspended.add(me)
            self._vacate(holding)
            return holding.count

    def acquire_restore(self, count: int) -> DeadOwner | None:
        """Acquire again, even for a cancelled call: the client's thread believes that it has the lock.

        Raises:
            Abandoned: The process died; the lock was not taken.
        """
        me = caller()
        with self._free:
            with self._attendance.of(me):
                ticket = draw_ticket()
                while not self._is_free_for(me) and not is_dead(me.process):
                    step_aside_if_over()
                    wait_unless_dead(self._free, ticket)
            self._suspended.discard(me)
            self._restored.notify_all()
            if is_dead(me.process):
                self._free.notify()  # the notification may have been meant for somebody alive
                raise Abandoned
            return self._grant(me, count)[1]

    # Holding `_free`:

    def _await_restored(self, who: Caller) -> None:
        # One who has it all the same is a signal handler, in a wait that goes on.
        if who in self._suspended and not self._was_taken_by(who):
            wait_until(self._restored, lambda: who not in self._suspended, forward=nobody)

    def _was_taken_by(self, who: Caller) -> bool:
        return self._holding is not None and self._holding.caller == who

    def _is_held_by(self, who: Caller) -> bool:
        raise NotImplementedError

    def _is_free_for(self, who: Caller) -> bool:
        raise NotImplementedError

    def _holding_to_release(self) -> Holding:
        raise NotImplementedError

    def _grant(self, who: Caller, count: int) -> tuple[Holding, DeadOwner | None]:
        holding = self._holding
        if holding is None:
            holding = self._holding = Holding(who)
        holding.count += count
        return holding, self._legacy.inherit(holding)

    def _vacate(self, holding: Holding) -> None:
        self._holding = None
        self._legacy.settle(holding)
        self._free.notify()

    def _give_back(self, holding: Holding) -> None:
        """Undo an acquisition whose answer was lost, unless somebody has released it since."""
        with self._free:
            if self._holding is not holding:
                return
            holding.count -= 1
            if not holding.count:
                self._holding = None
                self._legacy.disinherit(holding)
                self._free.notify()
