"""The queues that a server hosts where there is no arena: those of ``queue``, with our methods."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections.abc import Iterable
from typing import Any

from manor._server.attendance import Attendance
from manor._server.calls import caller
from manor._wire.people import Waiter
from manor.errors import ShutDown

__all__ = ["JoinableQueue", "LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"]


class Queue(queue.Queue[Any]):
    """A ``queue.Queue`` that can be shut down on every Python, and moves many items at a time."""

    is_shutdown = False

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._attendance = Attendance()

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait to put, to take or for all to be done, the first to come first."""
        return self._attendance.waiters

    def join(self) -> None:
        """Wait until nothing is unfinished, as ``queue.Queue.join`` does."""
        with self.all_tasks_done:
            while self.unfinished_tasks:
                self._wait(self.all_tasks_done, None)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an item, as ``queue.Queue.put`` does."""
        with self.not_full:
            self._check_open()
            if self.maxsize > 0:
                self._await(self.not_full, lambda: self._qsize() < self.maxsize, block, timeout, queue.Full)
            self._put(item)
            self.unfinished_tasks += 1
            self.not_empty.notify()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take an item, as ``queue.Queue.get`` does."""
        with self.not_empty:
            if not self._qsize():
                self._check_open()
            self._await(self.not_empty, self._qsize, block, timeout, queue.Empty)
            item = self._get()
            self.not_full.notify()
            return item

    def shutdown(self, immediate: bool = False) -> None:
        """Accept no more items; if *immediate*, drop those that are there."""
        with self.mutex:
            self.is_shutdown = True
            while immediate and self._qsize():
                self._get()
                self.unfinished_tasks = max(0, self.unfinished_tasks - 1)
            if not self.unfinished_tasks:
                self.all_tasks_done.notify_all()
            self.not_empty.notify_all()
            self.not_full.notify_all()

    def put_many(self, items: Iterable[Any], block: bool = True, timeout: float | None = None) -> None:
        """Put items one behind the other; the exception's ``items_put`` says how many are in, if not all."""
        end = None if timeout is None else time.monotonic() + timeout
        done = 0
        try:
            for item in items:
                self.put(item, block, timeout if end is None else _left(timeout, end))
                done += 1
        except Exception as error:
            error.items_put = done  # type: ignore[attr-defined]
            raise

    def get_many(self, max_items: int, block: bool = True, timeout: float | None = None) -> list[Any]:
        """Take items, as many as are there, at least one, for which it waits."""
        if max_items <= 0:
            raise ValueError("'max_items' must be a positive number")
        items = [self.get(block, timeout)]
        with self.mutex:
            while len(items) < max_items and self._qsize():
                items.append(self._get())
                self.not_full.notify()
        return items

    def _wait(self, condition: threading.Condition, seconds: float | None) -> None:
        with self._attendance.of(caller()):
            condition.wait(seconds)

    def _get_maxsize(self) -> int:
        return self.maxsize

    def _check_open(self) -> None:
        if self.is_shutdown:
            raise ShutDown

    def _await(
        self, condition: Any, is_ready: Any, block: bool, timeout: float | None, failure: type[Exception]
    ) -> None:
        if block and timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        end = None if timeout is None else time.monotonic() + timeout
        while not is_ready():
            left = None if end is None else end - time.monotonic()
            if not block or (left is not None and left <= 0):
                raise failure
            self._wait(condition, left)
            if self.is_shutdown and (condition is self.not_full or not is_ready()):
                raise ShutDown


def _left(timeout: float | None, end: float) -> float | None:
    return timeout if timeout is not None and timeout < 0 else max(0.0, end - time.monotonic())


class JoinableQueue(Queue):
    """A queue by its other name."""


class LifoQueue(Queue):
    """A queue whose last item is taken first."""

    def _init(self, maxsize: int) -> None:
        self.queue: Any = []

    def _put(self, item: Any) -> None:
        self.queue.append(item)

    def _get(self) -> Any:
        return self.queue.pop()


class PriorityQueue(Queue):
    """A queue whose least item is taken first."""

    def _init(self, maxsize: int) -> None:
        self.queue: Any = []

    def _put(self, item: Any) -> None:
        heapq.heappush(self.queue, item)

    def _get(self) -> Any:
        return heapq.heappop(self.queue)


class SimpleQueue(Queue):
    """A queue of any length, of which users have fewer methods."""

    def __init__(self) -> None:
        super().__init__()
