"""`threading.Barrier`: cancellable, and broken by the death of somebody who waits.

Theory of operation. The barrier's own code runs; it waits on, and notifies, a condition of its own, and holds
its lock whenever it does. There we note who waits. It tells all waiters whenever a generation ends (tripped,
reset, broken), and at no other time while one is filling: then the list starts afresh.
"""

import threading

from manor._server.adapters.adapter import Adapter, condition_of, is_stock
from manor._server.calls import Process, current
from manor._server.waiting import wait_on

FILLING = 0


class BarrierAdapter(Adapter):
    """A cancelled wait leaves as if it had not come; a death in the current generation breaks the barrier."""

    def __init__(self, subject: threading.Barrier) -> None:
        super().__init__()
        self._barrier = subject
        self._condition = condition_of(subject)
        self._waited: set[Process] = set()  # in the current generation; guarded by the condition's lock
        self._notify_all = self._condition.notify_all
        if is_stock(self._condition, threading.Condition, ("wait", "notify_all")):
            vars(self._condition).update(wait=self._wait, notify_all=self._start_afresh)

    def release_dead(self, process: Process) -> None:
        super().release_dead(process)
        with self._condition:
            if process in self._waited:
                self._barrier._break()  # type: ignore[attr-defined]

    def _wait(self, timeout: float | None = None) -> bool:
        call = current()
        if call is not None and self._barrier._state == FILLING:  # type: ignore[attr-defined]
            self._waited.add(call.process)
        return wait_on(self._condition, timeout)

    def _start_afresh(self) -> None:
        self._waited.clear()
        self._notify_all()
