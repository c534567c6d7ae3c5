"""Waits that end when the client who asked for them has gone."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

from manor._server.calls import Call, current, is_dead
from manor._server.waiters import Innards, Outcome, Waiter, draw_ticket, line_up
from manor._wire.references import Reference
from manor.errors import CallTimeout

_CURRENT_END: Final = Reference("manor._proxy.deadlines", "current_end")
"""Of what the waiting thread does itself, a hosted method for instance: a client's ends its call from outside."""


class Abandoned(BaseException):
    """Raised in the server's thread out of a wait whose client has gone: it took nothing.

    Not an `Exception`: the code of hosted objects must not catch it by accident.
    """


# Held for a few instructions: on blocking, and on cancelling. One for all, so that a Cancellation, of which
# every call has one, costs no lock. Re-entrant, since a finalizer may cancel something wherever the
# interpreter pleases.
_registration = threading.RLock()


class Cancellation:
    """Says, once and for all, that nobody wants a call's answer any more."""

    __slots__ = ("_cancelled", "_wakes", "interrupted_wait")

    def __init__(self) -> None:
        self.interrupted_wait: bool = False
        """Whether a wait was in progress when it fired."""
        self._cancelled = False
        self._wakes: tuple[Callable[[], object], ...] = ()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """End the wait in progress, if any, and every later one. From any thread, any number of times."""
        with _registration:
            self._cancelled = True
            wakes, self._wakes = self._wakes, ()
            self.interrupted_wait = self.interrupted_wait or bool(wakes)
        for wake in wakes:
            wake()

    def add(self, wake: Callable[[], object]) -> None:
        """Have `wake` called on cancellation; at once if that has been. It must not block."""
        with _registration:
            self._wakes += (wake,)
            late = self._cancelled
        if late:
            wake()

    def discard(self, wake: Callable[[], object]) -> None:
        """Forget `wake`; a cancellation under way may still call it."""
        with _registration:
            self._wakes = tuple(other for other in self._wakes if other != wake)


def over(call: Call | None) -> bool:
    """Whether nothing may be granted to `call` any more: it was cancelled, or its process died."""
    return call is not None and (call.cancellation.cancelled or is_dead(call.process))


def step_aside_if_over() -> None:
    """Let the client thread's next calls begin, if it has abandoned the current one, which may take a while to end."""
    call = current()
    if call is not None and over(call):
        call.step_aside()


def refuse_dead() -> None:
    """Refuse the current call if its process died; to be asked holding the lock that `release_dead` takes.

    What the process held has been given back, and may be somebody else's: a release that it had asked for just
    before it was killed would take it from them.

    Raises:
        Abandoned: It died.
    """
    call = current()
    if call is not None and is_dead(call.process):
        raise Abandoned


def nobody() -> None:
    """As `forward`, for conditions that only know `notify_all`: those who come later are not meant."""


def wait_on(
    condition: threading.Condition,
    timeout: float | None = None,
    forward: Callable[[], object] | None = None,
    before_restore: Callable[[], object] | None = None,
    ticket: int | None = None,
) -> bool:
    """Do as `condition.wait(timeout)`, but end when the current call is over.

    Args:
        condition: Its lock must be held.
        timeout: In seconds; None waits for ever.
        forward: Called, holding the lock, when the notification reached this waiter in vain.
            The default notifies another one.
        before_restore: Called before the lock is taken again, which may take long.
        ticket: The place to wait at; the default is behind all others.

    Returns:
        Whether it was notified, even if that came together with the time limit.

    Raises:
        Abandoned: The current call is over; the lock is held again.
        CallTimeout: The ``deadline`` of a hosted method, or a thread of one, is over; likewise.
        RuntimeError: The lock is not held.
    """
    innards = cast(Innards, condition)
    left = patience()
    is_bound = left is not None and (timeout is None or left < timeout)
    if not innards._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    call = current()
    if over(call):
        raise Abandoned
    waiter = line_up(innards, ticket)
    wake = waiter.cancel
    if call is not None:
        call.cancellation.add(wake)
    saved = innards._release_save()
    wanted = False
    try:
        waiter.sleep(left if is_bound else timeout)
        wanted = True
    finally:
        waiter.leave()
        if call is not None:
            call.cancellation.discard(wake)
        if before_restore is not None:
            before_restore()
        innards._acquire_restore(saved)
        wanted = wanted and not over(call)
        _settle(condition, waiter, wanted, forward)
    if not wanted:
        raise Abandoned
    if waiter.outcome != Outcome.NOTIFIED and is_bound:
        raise CallTimeout("what was waited for in the server did not come within the deadline")
    return waiter.outcome == Outcome.NOTIFIED


def patience() -> float | None:
    """How many seconds the calling thread's own deadline leaves it, as a lock takes them, or None."""
    end: float | None = _CURRENT_END.resolve()()
    return None if end is None else min(max(0.0, end - time.monotonic()), threading.TIMEOUT_MAX)


def wait_unless_dead(condition: threading.Condition, ticket: int) -> None:
    """Wait for a notification, also when the current call is over; `wake_dead` ends it when its process has died.

    Args:
        condition: Its lock must be held.
        ticket: The place to wait at.
    """
    innards = cast(Innards, condition)
    waiter = line_up(innards, ticket)
    saved = innards._release_save()
    try:
        waiter.sleep(None)
    finally:
        waiter.leave()
        innards._acquire_restore(saved)
        _settle(condition, waiter, True, None)


def _settle(condition: threading.Condition, waiter: Waiter, wanted: bool, forward: Callable[[], object] | None) -> None:
    """Leave no trace of `waiter`, nor a notification that nobody uses; the lock is held."""
    if waiter.outcome != Outcome.NOTIFIED:
        with suppress(ValueError):  # a notification that it refused took it out
            cast(Innards, condition)._waiters.remove(waiter)
    elif not wanted:
        (forward or condition.notify)()


def wait_until(
    condition: threading.Condition,
    predicate: Callable[[], bool],
    timeout: float | None = None,
    forward: Callable[[], object] | None = None,
) -> bool:
    """Wait, holding the lock, until `predicate()`; False if it is not true after `timeout` seconds.

    Whoever is woken in vain keeps its place.

    Raises:
        Abandoned: The current call is over. That is noticed before the predicate is asked for the first time.
    """
    if over(current()):
        raise Abandoned
    deadline = None if timeout is None else time.monotonic() + timeout
    ticket = None
    while not predicate():
        remaining = None if deadline is None else deadline - time.monotonic()
        if remaining is not None and remaining <= 0:
            return False
        ticket = draw_ticket() if ticket is None else ticket
        wait_on(condition, remaining, forward, ticket=ticket)
    return True
