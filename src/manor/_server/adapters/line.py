"""Waiting for a lock of `threading`, whose `acquire` blocks in C where nothing reaches it.

Theory of operation. The lock must end up with the server thread that serves the client's thread: the standard
library has one for each, RLock belongs to a thread, and other code run by that thread may acquire it again.
So that thread only ever *tries*, and waits in between where it can be cancelled. A *scout*, one thread of
ours per lock, blocks in `acquire` for all who wait. When it gets the lock it releases at once, tells the
first in line that it is its turn, and blocks again when that one has tried. A client that has gone has left
the line, so it takes nothing; a scout without a line ends, as soon as it gets the lock.

Between the scout's release and the try another thread may come first. Where that happens `TRIES` times in a
row, the lock changes hands so quickly that the thread may as well block in C: otherwise threads that hammer
on the lock could keep it out for ever. If its call is over by the time it gets the lock, it releases at once.
"""

import threading
import time
from collections import deque
from typing import Any

from manor._server.calls import current
from manor._server.waiting import Abandoned, nobody, over, wait_until

TRIES = 3


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
