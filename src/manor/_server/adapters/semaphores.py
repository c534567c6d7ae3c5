"""`threading.Semaphore` and `BoundedSemaphore`: cancellable, undoable, and released for the dead."""

import threading
from contextlib import suppress
from functools import partial
from typing import Any

from manor._server.adapters.adapter import Adapter, condition_of, is_stock, make_cancellable
from manor._server.calls import Call, Process, caller, current, is_dead
from manor._server.primitives.holdings import Holdings
from manor._server.waiting import Abandoned, over, refuse_dead


class SemaphoreAdapter(Adapter):
    """Remembers which process has permits that are given back when it dies.

    Those are all of a BoundedSemaphore, and of a plain one those taken by a with statement: others may be
    signals.
    """

    def __init__(self, subject: threading.Semaphore) -> None:
        super().__init__()
        self._semaphore = subject
        self._tracks_all = isinstance(subject, threading.BoundedSemaphore)
        self._books = threading.Lock()  # guards `_holdings`; never held while waiting for a permit
        self._holdings = Holdings()
        make_cancellable(condition_of(subject))
        base = threading.BoundedSemaphore if self._tracks_all else threading.Semaphore
        if is_stock(subject, base, ("acquire", "release", "__enter__", "__exit__")):
            self._methods = {
                "acquire": self._acquire,
                "release": self._release,
                "__enter__": self._enter,
                "__exit__": self._exit,
            }

    def release_dead(self, process: Process) -> None:
        super().release_dead(process)
        with self._books:
            left_behind = self._holdings.forget(process)[0]
        for _ in range(left_behind):
            self._add_one()

    def _acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        return self._take(blocking, timeout, self._tracks_all)

    def _enter(self) -> bool:
        return self._take(True, None, tracked=True)

    def _take(self, blocking: bool, timeout: float | None, tracked: bool) -> bool:
        call = current()
        if over(call):
            raise Abandoned
        if not self._semaphore.acquire(blocking, timeout):
            return False
        if call is not None:
            self._note(call, tracked)
        return True

    def _note(self, call: Call, tracked: bool) -> None:
        with self._books:
            died = is_dead(call.process)
            if tracked and not died:
                self._holdings.add(call.process)
        if died:
            self._add_one()
            raise Abandoned
        call.undo.append(partial(self._give_back, call.process, tracked))

    def _release(self, n: int = 1) -> None:
        with self._books:
            if self._tracks_all:  # else the permits are signals, and this is one that it sent
                refuse_dead()
            self._semaphore.release(n)
            for _ in range(n if self._tracks_all else 0):
                self._holdings.remove_any(caller().process)

    def _exit(self, *_exc_info: Any) -> None:
        with self._books:
            refuse_dead()
            self._semaphore.release()
            self._holdings.remove(caller().process)

    def _give_back(self, process: Process, tracked: bool) -> None:
        with self._books:
            taken = self._holdings.remove(process) if tracked else True
        if taken:  # else its death has given it back
            self._add_one()

    def _add_one(self) -> None:
        with suppress(ValueError):  # a server-side thread has released it for the client
            self._semaphore.release()
