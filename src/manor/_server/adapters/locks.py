"""`threading.Lock` and `threading.RLock`: cancellable, undoable, and released for the dead.

Theory of operation. A *tenure* says which client thread acquired the lock, how many times, and which server
thread owns it in its place. For a Lock that is all the same; an RLock is acquired again, released and undone
in that thread only, so others leave it an errand. Waiting for the lock is the business of `line`.

Code that bypasses the adapter is not seen: a Lock that a client has acquired, and a server-side thread
releases, counts as the client's until another client acquires or any client releases it.
"""

import threading
from functools import partial
from typing import Any

from manor._server.adapters.adapter import Adapter
from manor._server.adapters.line import Line
from manor._server.adapters.owners import this_thread
from manor._server.calls import Call, Caller, Process, caller, current, is_dead
from manor._server.primitives.mutex import patience
from manor._server.waiting import Abandoned, nobody, over, refuse_dead, wait_until

LOCK: type = type(threading.Lock())
RLOCK: type = type(threading.RLock())


class Tenure:
    """Who has the lock."""

    __slots__ = ("caller", "count", "owner")

    def __init__(self, who: Caller) -> None:
        self.caller = who
        self.count = 0
        self.owner = this_thread()


class LockAdapter(Adapter):
    """Cancellable `acquire`; what a killed process held is released."""

    def __init__(self, subject: Any) -> None:
        super().__init__()
        self._lock = subject
        self._owned_by_thread = isinstance(subject, RLOCK)
        self._line = Line(subject)
        # Guards what follows; never held while waiting for the lock.
        self._books = threading.Condition(threading.Lock())
        self._tenure: Tenure | None = None
        self._suspended: set[Caller] = set()
        self._replace(subject, RLOCK if self._owned_by_thread else LOCK, self.methods())

    def methods(self) -> dict[str, Any]:
        """The replacements, also for a condition that has this lock."""
        return {
            "acquire": self.acquire,
            "release": self.release,
            "__enter__": self.acquire,
            "__exit__": lambda *_exc_info: self.release(),
        }

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire for the current call's thread."""
        seconds = patience(blocking, timeout)
        call = current()
        if call is None:
            return bool(self._lock.acquire(blocking, timeout))
        if over(call):
            raise Abandoned
        elsewhere = self._tenure_elsewhere()
        if elsewhere is not None:
            return bool(elsewhere.owner.ask(partial(self._acquire_here, call)))
        if not self._lock.acquire(blocking=False) and (seconds == 0 or not self._line.acquire(seconds)):
            return False
        self._note(call)
        return True

    def release(self) -> None:
        """Release, as the current call's thread."""
        elsewhere = self._tenure_elsewhere()
        if elsewhere is not None:
            elsewhere.owner.ask(self._release_here)
        else:
            self._release_here()

    def release_dead(self, process: Process) -> None:
        """Release the lock if `process`, which died abnormally, held it: an RLock as soon as its owner lingers."""
        super().release_dead(process)
        with self._books:
            tenure = self._tenure
            mine = tenure is not None and (not self._owned_by_thread or tenure.owner is this_thread())
        if tenure is None or tenure.caller.process is not process:
            return
        if mine:
            self._end(tenure)
        else:
            tenure.owner.post(partial(self._end, tenure))

    def suspend(self) -> Tenure | None:
        """Forget the caller, who is about to wait on a condition; returns what to give to `resume`."""
        me = caller()
        with self._books:
            tenure = self._tenure
            if tenure is None or tenure.caller != me:
                return None
            self._forget(tenure)
            self._suspended.add(me)
            return tenure

    def resume(self, tenure: Tenure | None) -> None:
        """Remember the caller, who has the lock again; if its process has died, release for it."""
        if tenure is None:
            return
        with self._books:
            self._suspended.discard(tenure.caller)
            self._books.notify_all()
            if is_dead(tenure.caller.process):
                self._release_all(tenure)
            else:
                self._remember(tenure)

    def _tenure_elsewhere(self) -> Tenure | None:
        """The caller's tenure, if another thread owns it, or None.

        A client thread that was interrupted in a wait on a condition believes that it has the lock again: it
        waits here until that is so.
        """
        me = caller()
        with self._books:
            if me in self._suspended:
                wait_until(self._books, lambda: me not in self._suspended, forward=nobody)
            tenure = self._tenure
            if (
                self._owned_by_thread
                and tenure is not None
                and tenure.caller == me
                and tenure.owner is not this_thread()
            ):
                return tenure
            return None

    # In the thread that owns the lock, if it matters:

    def _acquire_here(self, call: Call) -> bool:
        with self._books:
            tenure = self._tenure
            if tenure is None or tenure.caller != Caller(call.process, call.thread):
                return False
            self._lock.acquire(blocking=False)
            tenure.count += 1
        call.undo.append(partial(self._undo, tenure))
        return True

    def _release_here(self) -> None:
        with self._books:
            refuse_dead()
            self._lock.release()
            if self._tenure is not None:
                self._count_down(self._tenure)

    def _undo_here(self, tenure: Tenure) -> None:
        with self._books:
            if self._tenure is tenure:
                self._lock.release()
                self._count_down(tenure)

    def _end(self, tenure: Tenure) -> None:
        with self._books:
            if self._tenure is tenure:
                self._forget(tenure)
                self._release_all(tenure)

    def _note(self, call: Call) -> None:
        """Remember the owner, who has the lock by now."""
        me = caller()
        with self._books:
            if is_dead(call.process):
                self._lock.release()
                raise Abandoned
            tenure = self._tenure
            if tenure is None or not self._owned_by_thread or tenure.caller != me:
                if tenure is not None:  # one that has ended without our knowledge
                    self._forget(tenure)
                tenure = Tenure(me)
                self._remember(tenure)
            tenure.count += 1
        call.undo.append(partial(self._undo, tenure))

    def _undo(self, tenure: Tenure) -> None:
        if not self._owned_by_thread or tenure.owner is this_thread():
            self._undo_here(tenure)
        else:
            tenure.owner.post(partial(self._undo_here, tenure))

    # Holding `_books`:

    def _remember(self, tenure: Tenure) -> None:
        self._tenure = tenure
        if self._owned_by_thread:
            tenure.owner.gain()

    def _forget(self, tenure: Tenure) -> None:
        self._tenure = None
        if self._owned_by_thread:
            tenure.owner.lose()

    def _count_down(self, tenure: Tenure) -> None:
        tenure.count -= 1
        if not tenure.count:
            self._forget(tenure)

    def _release_all(self, tenure: Tenure) -> None:
        for _ in range(tenure.count):
            self._lock.release()
