"""Server threads as the owners of RLocks, for whom they do what nobody else can.

Theory of operation. Only the thread that acquired an RLock can release it. But the client thread that it
served may come back by another session, hence in another server thread, after it was interrupted in a call;
and when the client's process is killed, the news reaches a third thread. So those leave an *errand* with the
owner, and a server thread that still owns something when it has no more calls to serve *lingers* until it has
been asked to release it.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from manor._server.waiting import nobody, wait_until


class _Errand:
    __slots__ = ("action", "done", "error", "result")

    def __init__(self, action: Callable[[], Any]) -> None:
        self.action = action
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None

    def carry_out(self) -> None:
        try:
            self.result = self.action()
        except Exception as error:
            self.error = error


class Owner:
    """A server thread. Its errands are carried out in it, when it lingers."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._errands: deque[_Errand] = deque()
        self._left = False
        self._tenures = 0

    def gain(self) -> None:
        """It owns one lock more."""
        with self._changed:
            self._tenures += 1

    def lose(self) -> None:
        """It owns one lock less."""
        with self._changed:
            self._tenures -= 1
            self._changed.notify_all()

    def post(self, action: Callable[[], Any]) -> _Errand | None:
        """Leave an errand; None if the thread has ended, and thus owns nothing."""
        errand = _Errand(action)
        with self._changed:
            if self._left:
                return None
            self._errands.append(errand)
            self._changed.notify_all()
            return errand

    def ask(self, action: Callable[[], Any]) -> Any:
        """Have `action` carried out, and wait for what it returns or raises.

        Raises:
            Abandoned: The current call is over; the errand is carried out all the same.
            RuntimeError: The thread has ended.
        """
        errand = self.post(action)
        if errand is None:
            raise RuntimeError("cannot release un-acquired lock")
        with self._changed:
            wait_until(self._changed, lambda: errand.done, forward=nobody)
        if errand.error is not None:
            raise errand.error
        return errand.result

    def linger(self) -> None:
        """Carry out errands until nothing is owned and nothing is asked for."""
        while True:
            with self._changed:
                while self._tenures and not self._errands:
                    self._changed.wait()
                if not self._errands:
                    self._left = True
                    return
                errand = self._errands.popleft()
            errand.carry_out()
            with self._changed:
                errand.done = True
                self._changed.notify_all()


class _Local(threading.local):
    owner: Owner | None = None


_local = _Local()


def this_thread() -> Owner:
    """This server thread as an owner."""
    if _local.owner is None:
        _local.owner = Owner()
    return _local.owner


def linger() -> None:
    """The last act of a server thread: returns at once if it owns no RLock of a hosted object.

    Otherwise it returns when the client thread has released them by another session, or its process was
    killed. (If it ended in good order it never does; nor are those locks ever released, as under
    `multiprocessing`.)
    """
    owner = _local.owner
    if owner is not None:
        owner.linger()
        _local.owner = None
