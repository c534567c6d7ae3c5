"""`threading.Lock` and `threading.RLock`, whose `acquire` blocks in C where nothing reaches it.

Theory of operation. The lock must end up with the server thread that serves the client's thread: the standard
library has one for each, RLock belongs to a thread, and other code run by that thread may acquire it again.
So that thread only ever *tries*, and waits in between where it can be cancelled. A *scout*, one thread of
ours per lock, blocks in `acquire` for all who wait. When it gets the lock it releases at once, tells the
first in line that it is its turn, and blocks again when that one has tried. A client that has gone has left
the line, so it takes nothing; a scout without a line ends, as soon as it gets the lock.

Between the scout's release and the try another thread may come first. Where that happens `TRIES` times in a
row, the lock changes hands so quickly that the thread may as well block in C: otherwise threads that hammer
on the lock could keep it out for ever. If its call is over by the time it gets the lock, it releases at once.

Who acquired is remembered, to release for the dead. An RLock can only be released by its owner: by
`release_dead` in the server thread that has it. (Code that bypasses the adapter is not seen: a Lock that a
client has acquired, and a server-side thread releases, counts as the client's until another client acquires
or any client releases it.)
"""

import threading
import time
from collections import deque
from functools import partial
from typing import Any

from manor._server.adapters.adapter import Adapter
from manor._server.calls import Call, Caller, Process, caller, current, is_dead
from manor._server.primitives.mutex import patience
from manor._server.waiting import Abandoned, nobody, over, wait_until

TRIES = 3

LOCK: type = type(threading.Lock())
RLOCK: type = type(threading.RLock())


class _Turn:
    """A place in the line."""

    __slots__ = ("mine",)

    def __init__(self) -> None:
        self.mine = False


class Line:
    """Those who wait for one lock."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._changed = threading.Condition(threading.Lock())
        self._turns: deque[_Turn] = deque()
        self._scouting = False

    def acquire(self, seconds: float | None) -> bool:
        """Acquire for this thread a lock that is taken just now; False if it stays so for `seconds`."""
        deadline = None if seconds is None else time.monotonic() + seconds
        acquired = self._acquire_in_turn(deadline)
        if acquired is not None:
            return acquired
        left = -1 if deadline is None else max(deadline - time.monotonic(), 0)
        if not self._lock.acquire(True, left):
            return False
        if over(current()):
            self._lock.release()
            raise Abandoned
        return True

    def _acquire_in_turn(self, deadline: float | None) -> bool | None:
        """Whether it was acquired in time; None if others were faster too often."""
        turn = _Turn()
        with self._changed:
            self._turns.append(turn)
            try:
                if not self._scouting:
                    threading.Thread(target=self._scout, name="manor-lock-scout", daemon=True).start()
                    self._scouting = True
                for _ in range(TRIES):
                    left = None if deadline is None else deadline - time.monotonic()
                    if not wait_until(self._changed, lambda: turn.mine, left, nobody):
                        return False
                    if self._lock.acquire(blocking=False):
                        return True
                    turn.mine = False
                    self._changed.notify_all()
                return None
            finally:
                self._turns.remove(turn)
                self._changed.notify_all()

    def _scout(self) -> None:
        while True:
            self._lock.acquire()
            self._lock.release()
            with self._changed:
                if self._turns:
                    first = self._turns[0]
                    first.mine = True
                    self._changed.notify_all()
                    while first.mine and first in self._turns:
                        self._changed.wait()
                if not self._turns:
                    self._scouting = False
                    return


class _Tenure:
    """That a caller has acquired the lock, how many times, and which server thread did it for it."""

    __slots__ = ("caller", "count", "ident")

    def __init__(self, owner: Caller) -> None:
        self.caller = owner
        self.count = 0
        self.ident = threading.get_ident()


class LockAdapter(Adapter):
    """Cancellable `acquire`; what a killed process held is released."""

    def __init__(self, subject: Any) -> None:
        super().__init__()
        self._lock = subject
        self._owned_by_thread = isinstance(subject, RLOCK)
        self._line = Line(subject)
        self._books = threading.Lock()  # guards what follows; never held while waiting for the lock
        self._tenure: _Tenure | None = None
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
        if not self._lock.acquire(blocking=False) and (seconds == 0 or not self._line.acquire(seconds)):
            return False
        self._note(call)
        return True

    def release(self) -> None:
        """Release, as the current call's thread."""
        with self._books:
            self._lock.release()
            tenure = self._tenure
            if tenure is not None:
                tenure.count -= 1
                if not tenure.count:
                    self._tenure = None

    def release_dead(self, process: Process) -> None:
        super().release_dead(process)
        with self._books:
            tenure = self._tenure
            if tenure is None or tenure.caller.process is not process or not self._can_release(tenure):
                return
            self._tenure = None
            self._release_all(tenure)

    def suspend(self) -> _Tenure | None:
        """Forget the caller, who is about to wait on a condition; returns what to give to `resume`."""
        with self._books:
            tenure = self._tenure
            if tenure is not None and tenure.caller == caller():
                self._tenure = None
                return tenure
            return None

    def resume(self, tenure: _Tenure | None) -> None:
        """Remember the caller, who has the lock again; if its process has died, release for it."""
        if tenure is None:
            return
        with self._books:
            if is_dead(tenure.caller.process):
                self._release_all(tenure)
            else:
                self._tenure = tenure

    def _note(self, call: Call) -> None:
        """Remember the owner, who has the lock by now."""
        me = caller()
        with self._books:
            if is_dead(call.process):
                self._lock.release()
                raise Abandoned
            tenure = self._tenure
            # An older tenure of somebody else has ended without our knowledge.
            if tenure is None or not self._owned_by_thread or tenure.caller != me:
                tenure = self._tenure = _Tenure(me)
            tenure.count += 1
        call.undo.append(partial(self._give_back, tenure))

    def _give_back(self, tenure: _Tenure) -> None:
        with self._books:
            if self._tenure is tenure:
                tenure.count -= 1
                if not tenure.count:
                    self._tenure = None
                self._lock.release()

    def _can_release(self, tenure: _Tenure) -> bool:
        return not self._owned_by_thread or tenure.ident == threading.get_ident()

    def _release_all(self, tenure: _Tenure) -> None:
        for _ in range(tenure.count):
            self._lock.release()
