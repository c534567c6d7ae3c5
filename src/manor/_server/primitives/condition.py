"""A condition variable over a hosted lock."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from manor._server.attendance import Attendance
from manor._server.calls import Process, caller, current
from manor._server.primitives.deaths import DeadOwner
from manor._server.primitives.mutex import Mutex
from manor._server.primitives.rlock import RLock
from manor._server.waiting import Abandoned, over, wait_on
from manor._wire.notes import refuse_choice_beside_lock
from manor._wire.people import Holder, Waiter

T = TypeVar("T")


class Condition:
    """`threading.Condition` for callers in many processes.

    A wait that ends in any way, cancellation included, ends with the lock held again, as in `threading`: the
    client's thread was interrupted inside `with condition:` and will release. Only when its process died is
    the lock left alone. So a cancelled wait may last as long as somebody else holds the lock.

    Args:
        lock: A hosted Lock or RLock to share; None makes an RLock.
        on_owner_death: As an RLock's; not with a lock to share, which has its own.
    """

    def __init__(self, lock: Mutex | None = None, *, on_owner_death: str | None = None) -> None:
        if lock is not None and not isinstance(lock, Mutex):
            raise TypeError(f"Condition needs a hosted Lock or RLock, not {type(lock).__name__}")
        refuse_choice_beside_lock(lock, on_owner_death)
        self._lock = RLock(on_owner_death=on_owner_death or "warn") if lock is None else lock
        self._shares_lock = lock is not None
        # Guards the line of waiters. Taken before the lock's own monitor, never after it.
        self._signal = threading.Condition(threading.Lock())
        self._broadcasts = 0
        self._attendance = Attendance()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire the lock."""
        return self._lock.acquire(blocking, timeout)

    def acquire_noting_death(
        self, blocking: bool = True, timeout: float | None = None
    ) -> tuple[bool, DeadOwner | None]:
        """Acquire the lock, and learn whether the owner before died holding it."""
        return self._lock.acquire_noting_death(blocking, timeout)

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def enter(self) -> DeadOwner | None:
        """Acquire the lock for a with block."""
        return self._lock.enter()

    def leave(self) -> None:
        """Release the lock at the end of a with block."""
        self._lock.leave()

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self._lock.locked()

    @property
    def holder(self) -> Holder | None:
        """The thread that holds the lock, or None."""
        return self._lock.holder

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait to be notified, the first to come first."""
        return self._attendance.waiters

    @property
    def all_waiters(self) -> list[Waiter]:
        """The same, and those who wait for the lock, if that is no other object's."""
        wanting = [] if self._shares_lock else self._lock.waiters
        return sorted([*self.waiters, *wanting], key=lambda waiter: waiter.since)

    def owner_died(self) -> bool:
        """True from the death of an owner of the lock until the next one has released."""
        return self._lock.owner_died()

    def release_dead(self, process: Process) -> None:
        """Give the lock back if `process`, which died abnormally, held it."""
        self._lock.release_dead(process)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a notification; False if none came in `timeout` seconds."""
        return self.wait_noting_death(timeout)[0]

    def wait_noting_death(self, timeout: float | None = None) -> tuple[bool, DeadOwner | None]:
        """Wait, and learn whether somebody died holding the lock meanwhile.

        Raises:
            Abandoned: The call is over; a notification that it had received went to another waiter.
            RuntimeError: The caller does not hold the lock.
        """
        self._require("wait on")
        notified = False
        saved: int | None = None
        forward: Callable[[], None] = self._signal.notify
        try:
            with self._signal:
                forward = partial(self._forward, self._broadcasts)
                saved = self._lock.release_save()
                with self._attendance.of(caller()):
                    notified = wait_on(self._signal, timeout, forward)
        finally:
            death = self._restore(saved, forward if notified else None)
        call = current()
        if notified and call is not None:
            call.undo.append(partial(self._pass_on, forward))
        return notified, death

    def wait_for(self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Wait until `predicate()` is true, or `timeout` seconds have passed; what it returned last."""
        deadline = None if timeout is None else time.monotonic() + timeout
        result = predicate()
        while not result:
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                break
            self.wait(remaining)
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        """Wake at most `n` waiters, the longest waiting first."""
        self._require("notify on")
        with self._signal:
            self._signal.notify(n)

    def notify_all(self) -> None:
        """Wake all who wait now."""
        self._require("notify on")
        with self._signal:
            self._broadcasts += 1
            self._signal.notify_all()

    def _require(self, what: str) -> None:
        if not self._lock.is_owned():
            raise RuntimeError(f"cannot {what} un-acquired lock")

    def _restore(self, saved: int | None, wasted: Callable[[], None] | None) -> DeadOwner | None:
        """Take the lock again; if the call is over by then, its notification (`wasted`) goes on."""
        if saved is None:
            return None
        try:
            death = self._lock.acquire_restore(saved)
            if wasted is not None and over(current()):
                raise Abandoned
        except Abandoned:
            if wasted is not None:
                self._pass_on(wasted)
            raise
        return death

    def _pass_on(self, forward: Callable[[], None]) -> None:
        with self._signal:
            forward()

    def _forward(self, seen: int) -> None:
        """Give a notification, received in vain, to another waiter.

        Not after a notify_all: that woke all who waited then, and those who came later are not to be woken by
        it.
        """
        if self._broadcasts == seen:
            self._signal.notify()
