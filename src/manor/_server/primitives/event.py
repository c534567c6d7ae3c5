"""A flag that can be waited for."""

import threading

from manor._server.attendance import Attendance
from manor._server.calls import Process, bury, caller
from manor._server.waiting import nobody, wait_on
from manor._wire.people import Waiter


class Event:
    """`threading.Event` for callers in many processes."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._flag = False
        self._attendance = Attendance()

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._flag

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for the flag, the first to come first."""
        return self._attendance.waiters

    def set(self) -> None:
        """Raise the flag, and wake all who wait."""
        with self._changed:
            self._flag = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Lower the flag."""
        with self._changed:
            self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the flag is raised; False if it was not in `timeout` seconds.

        True even if it was lowered again before the waiter ran.
        """
        with self._changed, self._attendance.of(caller()):
            return self._flag or wait_on(self._changed, timeout, nobody) or self._flag

    def release_dead(self, process: Process) -> None:
        """Nothing is held of an event."""
        bury(process)
