"""The one thread that waits for whatever happens without a call: new connections, ended clients, and timers."""

from __future__ import annotations

import errno
import heapq
import itertools
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Reactor"]

_SHORTAGE: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_SHORTAGE_PAUSE_S: Final = 0.1

Action = Callable[[], object]


class Reactor:
    """Runs actions when descriptors become ready or their time has come. Every method may be called by any thread."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._ready: dict[int, Action] = {}
        self._timers: list[tuple[float, int, Action]] = []
        self._serials = itertools.count()
        self._lock = threading.Lock()
        self._wakeup = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._stopped = False
        self.when_readable(self._wakeup, lambda: os.eventfd_read(self._wakeup))

    def when_readable(self, descriptor: int, action: Action) -> None:
        """Run *action* whenever *descriptor* has something to read."""
        self._ready[descriptor] = action
        self._epoll.register(descriptor, select.EPOLLIN)

    def when_hung_up(self, descriptor: int, action: Action) -> None:
        """Run *action* once, when the peer of a socket has closed its end; what it sent does not matter."""
        self._ready[descriptor] = action
        self._epoll.register(descriptor, select.EPOLLRDHUP | select.EPOLLET | select.EPOLLONESHOT)

    def forget(self, descriptor: int) -> None:
        """Watch *descriptor* no longer; to be called before it is closed."""
        if self._ready.pop(descriptor, None) is None:
            return
        try:
            self._epoll.unregister(descriptor)
        except (OSError, ValueError):  # closed already, or the whole reactor is
            return

    def after(self, seconds: float, action: Action) -> None:
        """Run *action* once, not before *seconds* have passed."""
        with self._lock:
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._serials), action))
        self.wake()

    def wake(self) -> None:
        """Have the loop look at its timers, and at whether it is to stop."""
        try:
            os.eventfd_write(self._wakeup, 1)
        except OSError:  # closed: nobody waits any more
            return

    def stop(self) -> None:
        """Have ``run`` return; callable from a signal handler."""
        self._stopped = True
        self.wake()

    def run(self) -> None:
        """Run actions until ``stop``."""
        while not self._stopped:
            for descriptor, _ in self._poll():
                action = self._ready.get(descriptor)
                if action is not None:
                    self._act(descriptor, action)
            self._run_timers()

    def _poll(self) -> list[tuple[int, int]]:
        timers = self._timers
        timeout = max(0.0, timers[0][0] - time.monotonic()) if timers else -1
        return self._epoll.poll(timeout)

    def _act(self, descriptor: int, action: Action) -> None:
        try:
            action()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in _SHORTAGE:
                raise
            self._pause(descriptor, action)

    def _pause(self, descriptor: int, action: Action) -> None:
        """Look away from a listener for a moment, since the system can open no more files now."""
        self.forget(descriptor)
        self.after(_SHORTAGE_PAUSE_S, lambda: self.when_readable(descriptor, action))

    def _run_timers(self) -> None:
        while True:
            with self._lock:
                if not self._timers or self._timers[0][0] > time.monotonic():
                    return
                action = heapq.heappop(self._timers)[2]
            action()

    def close(self) -> None:
        """Let go of the descriptors; also in a forked child, whose parent goes on."""
        self._ready.clear()
        self._epoll.close()
        if self._wakeup >= 0:
            os.close(self._wakeup)
            self._wakeup = -1
