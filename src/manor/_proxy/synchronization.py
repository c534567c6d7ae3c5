"""Proxies of locks, conditions, events and barriers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import ClassVar, TypeVar

from manor._proxy.base import BaseProxy
from manor._proxy.deadlines import LOCK_WAITS, Waits
from manor._wire.people import Holder, Waiter
from manor.errors import OwnerDied, OwnerDiedWarning

__all__ = ["AcquirerProxy", "BarrierProxy", "ConditionProxy", "EventProxy"]

R = TypeVar("R")


class AcquirerProxy(BaseProxy):
    """Stands for a lock or a semaphore in the server.

    What a process that is killed had acquired is given back; the next to acquire gets an ``OwnerDiedWarning``.
    """

    _exposed_: tuple[str, ...] = ("acquire", "release", "locked")
    _waits_: ClassVar[Mapping[str, Waits]] = {**LOCK_WAITS, "#ENTER": Waits(None)}

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire, and return whether that succeeded.

        Args:
            blocking: Whether to wait.
            timeout: How long to wait at most, in seconds; None is without limit.

        Raises:
            OwnerDied: The last holder was killed, and the lock was made with ``on_owner_death="raise"``. The caller
                has acquired it, and is to release it.
        """
        args = (blocking,) if timeout is None else (blocking, timeout)
        mark = self._link.mark()
        try:
            return self._callmethod("acquire", args)
        except OwnerDied:  # it has it all the same
            raise
        except BaseException:  # a signal handler's, on the way back: see ``manor._proxy.auto.taking_method``
            self._link.give_back_since(mark)
            raise

    def release(self, *count: int, **named: int) -> None:
        """Release; a semaphore takes ``n``, how many permits.

        Raises:
            Exception: What the hosted lock raises when it was not acquired.
        """
        self._callmethod("release", count, named)

    def locked(self) -> bool:
        """Whether an ``acquire`` would have to wait now."""
        return self._callmethod("locked")

    @property
    def holder(self) -> Holder | None:
        """The thread that holds the lock, or that of a condition; None if nobody does.

        Raises:
            NotExposed: It is not known, as with semaphores, and with what a program registers; an ``AttributeError``.

        Examples:
            >>> import os
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     lock = manager.Lock()
            ...     with lock:
            ...         lock.holder.pid == os.getpid()
            True
        """
        return self._callmethod("#HOLDER")

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait, the first to come first; with a condition, to be notified.

        Raises:
            NotExposed: They are not known, as with what a program registers; an ``AttributeError``.

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     lock = manager.Lock()
            ...     with lock:
            ...         lock.waiters
            []
        """
        return self._callmethod("#WAITERS")

    @property
    def owner_died(self) -> bool:
        """Whether the last holder was killed, until the next one has released."""
        return self._callmethod("#OWNER_DIED")

    def __enter__(self) -> bool:
        try:
            return self._callmethod("#ENTER")
        except (OwnerDied, OwnerDiedWarning):  # the latter made an error: nobody leaves a block that was not entered
            self._callmethod("#LEAVE")
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._callmethod("#LEAVE")


class ConditionProxy(AcquirerProxy):
    """Stands for a ``threading.Condition`` in the server."""

    _exposed_ = ("acquire", "release", "locked", "wait", "notify", "notify_all")
    _waits_: ClassVar[Mapping[str, Waits]] = {**AcquirerProxy._waits_, "wait": Waits(0)}

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a notification; return whether one came within *timeout* seconds."""
        return self._callmethod("wait", (timeout,))

    def notify(self, n: int = 1) -> None:
        """Wake at most *n* waiters."""
        self._callmethod("notify", (n,))

    def notify_all(self) -> None:
        """Wake every waiter."""
        self._callmethod("notify_all")

    def wait_for(self, predicate: Callable[[], R], timeout: float | None = None) -> R:
        """Wait until *predicate* is true, or for *timeout* seconds; return its last value.

        The predicate runs here, in the caller's process, after each wake-up.
        """
        result = predicate()
        end = None if timeout is None else time.monotonic() + timeout
        while not result:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result


class EventProxy(BaseProxy):
    """Stands for a ``threading.Event`` in the server."""

    _exposed_ = ("is_set", "set", "clear", "wait")
    _waits_: ClassVar[Mapping[str, Waits]] = {"wait": Waits(0)}

    def is_set(self) -> bool:
        """Whether the event is set."""
        return self._callmethod("is_set")

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for it to be set, the first to come first."""
        return self._callmethod("#WAITERS")

    def set(self) -> None:
        """Set it, and wake every waiter."""
        self._callmethod("set")

    def clear(self) -> None:
        """Reset it."""
        self._callmethod("clear")

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; return whether it was within *timeout* seconds."""
        return self._callmethod("wait", (timeout,))


class BarrierProxy(BaseProxy):
    """Stands for a ``threading.Barrier`` in the server."""

    _exposed_ = ("__getattribute__", "wait", "abort", "reset")
    _waits_: ClassVar[Mapping[str, Waits]] = {"wait": Waits(0)}

    def wait(self, timeout: float | None = None) -> int:
        """Wait for all parties; return a number from 0 to ``parties - 1``, different for each.

        Raises:
            threading.BrokenBarrierError: The barrier is or gets broken, or the timeout passed.
        """
        return self._callmethod("wait", (timeout,))

    def abort(self) -> None:
        """Break the barrier."""
        self._callmethod("abort")

    def reset(self) -> None:
        """Make it whole again; those who wait get ``BrokenBarrierError``."""
        self._callmethod("reset")

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that have come, and wait for the others."""
        return self._callmethod("#WAITERS")

    @property
    def parties(self) -> int:
        """How many must arrive."""
        return self._callmethod("__getattribute__", ("parties",))

    @property
    def n_waiting(self) -> int:
        """How many wait now."""
        return self._callmethod("__getattribute__", ("n_waiting",))

    @property
    def broken(self) -> bool:
        """Whether it is broken."""
        return self._callmethod("__getattribute__", ("broken",))
