"""Those who wait on a `threading.Condition`, of whom each knows for whom it waits, and when it came.

Theory of operation. A `threading.Condition` keeps a deque of waiters, and `notify` calls `release()` on the
first ones; a waiter whose `release()` raises `RuntimeError` has left, and `notify` tries the next one without
counting it. So we put our own waiter in that deque. Exactly one of four things *decides* a waiter: a
notification, the cancellation, the time limit, or an exception in the waiting thread. Whoever comes later
finds it decided:

- a notification after the cancellation or the time limit is refused, hence goes to the next waiter;
- a cancellation after the notification leaves the outcome alone; the waiter sees it when it holds the
  condition's lock again, and forwards the notification that nobody wants.

Thus no wake-up is lost, and objects of the standard library may share the condition with threads that know
nothing of this.

Who is woken and finds that another was faster goes back to the place that it had: a *ticket* tells it.
"""

import itertools
import threading
from collections import deque
from contextlib import suppress
from typing import Any, Protocol, cast

from manor._server.calls import Process, current

_tickets = itertools.count(1)


class Outcome:
    PENDING = 0
    NOTIFIED = 1
    CANCELLED = 2
    LEFT = 3


class Waiter:
    """Stands in a condition's deque of waiters, where `notify` only knows its `release`."""

    __slots__ = ("_decided", "_gate", "outcome", "process", "ticket")

    def __init__(self, process: Process | None, ticket: int) -> None:
        self.process = process
        self.ticket = ticket
        self._decided = threading.Lock()  # taken by whoever decides, and never released
        self._gate = threading.Lock()
        self._gate.acquire()
        self.outcome = Outcome.PENDING

    def _decide(self, outcome: int) -> bool:
        if not self._decided.acquire(blocking=False):
            return False
        self.outcome = outcome
        self._gate.release()
        return True

    def release(self) -> None:
        if not self._decide(Outcome.NOTIFIED):
            raise RuntimeError("this waiter has left")

    def cancel(self) -> None:
        self._decide(Outcome.CANCELLED)

    def sleep(self, timeout: float | None) -> None:
        """Return once decided, or after `timeout` seconds."""
        self._gate.acquire(timeout=-1 if timeout is None else max(timeout, 0))

    def leave(self) -> None:
        """Accept no decision any more; one being made is waited for."""
        if not self._decide(Outcome.LEFT) and self.outcome == Outcome.PENDING:
            self._gate.acquire()


class Innards(Protocol):
    """What a `threading.Condition` is made of."""

    _waiters: deque[Any]

    def _is_owned(self) -> bool: ...

    def _release_save(self) -> Any: ...

    def _acquire_restore(self, state: Any, /) -> None: ...


def draw_ticket() -> int:
    """A place behind all who have one."""
    return next(_tickets)


def line_up(innards: Innards, ticket: int | None) -> Waiter:
    """Stand behind all others, or with a ticket behind those whose tickets were drawn before."""
    call = current()
    waiter = Waiter(None if call is None else call.process, draw_ticket() if ticket is None else ticket)
    waiters = innards._waiters
    before = sum(not isinstance(other, Waiter) or other.ticket < waiter.ticket for other in waiters) if ticket else 0
    if ticket is None or before == len(waiters):
        waiters.append(waiter)
    else:
        waiters.insert(before, waiter)
    return waiter


def wake_dead(condition: threading.Condition, process: Process) -> None:
    """End the waits of `process`, which is dead, and of nobody else; the lock is held."""
    for waiter in tuple(cast(Innards, condition)._waiters):
        if isinstance(waiter, Waiter) and waiter.process is process:
            waiter.cancel()


def wake_one(condition: threading.Condition) -> None:
    """Notify one waiter without holding the condition's lock.

    For giving back a notification when the lock may be anybody's. Each step is atomic, and `notify` tolerates
    each.
    """
    waiters = cast(Innards, condition)._waiters
    for waiter in tuple(waiters):
        try:
            waiter.release()
        except RuntimeError:  # notified already, or left
            continue
        with suppress(ValueError):
            waiters.remove(waiter)
        return
