"""`threading.Condition`: cancellable waits, and a lock that is released for the dead."""

import threading
from functools import partial
from typing import Any

from manor._server.adapters.adapter import Adapter, is_stock
from manor._server.adapters.locks import LockAdapter
from manor._server.calls import Process, current
from manor._server.waiters import wake_one
from manor._server.waiting import Abandoned, over, step_aside_if_over, wait_on


class ConditionAdapter(Adapter):
    """Replaces `wait` on the object itself: that covers its `wait_for`, and the user's code.

    A cancelled wait ends with the lock held again, as every exception out of `wait` does in `threading`; if
    the process has died, the lock is released then.

    A notification that a client never learnt of goes to another waiter. Unlike our own Condition this one
    cannot tell whether it came from `notify_all`, and may then wake a waiter that came later.
    """

    def __init__(self, subject: threading.Condition, lock: LockAdapter | None) -> None:
        super().__init__()
        self._condition = subject
        self._lock = lock
        if is_stock(subject, threading.Condition, ("wait",)):
            vars(subject)["wait"] = self._wait
        if lock is not None and is_stock(subject, threading.Condition, ("__enter__", "__exit__")):
            self._methods.update(lock.methods())

    def release_dead(self, process: Process) -> None:
        super().release_dead(process)
        if self._lock is not None:
            self._lock.release_dead(process)

    def _wait(self, timeout: float | None = None) -> bool:
        call = current()
        if call is None or not self._condition._is_owned():  # type: ignore[attr-defined]
            return wait_on(self._condition, timeout)
        tenure = self._lock.suspend() if self._lock is not None else None
        try:
            notified = wait_on(self._condition, timeout, before_restore=step_aside_if_over)
        finally:
            if self._lock is not None:
                self._lock.resume(tenure)
        if notified:
            if over(call):  # the process died, and its lock was released: notify() is not ours to call any more
                wake_one(self._condition)
                raise Abandoned
            call.undo.append(partial(wake_one, self._condition))
        return notified


def lock_of(condition: threading.Condition) -> Any:
    """The lock that a condition was made with."""
    return condition._lock  # type: ignore[attr-defined]
