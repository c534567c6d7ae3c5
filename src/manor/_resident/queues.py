"""Queues in the arena: ``Queue`` and its kinds.

The native class has all of a queue's methods. A queue in order of priority is kept sorted, and its place for an item is
found here, by Python's ``<``: without a lock, and again if the queue was changed meanwhile.
"""

from __future__ import annotations

import itertools
import math
import operator
import os
import queue
import time
from collections.abc import Iterable
from typing import Any, ClassVar, Final, NoReturn, Self, SupportsIndex

from manor import _native
from manor._wire.people import Waiter, waiters_of
from manor.errors import NotPicklable, ShutDown

__all__ = ["JoinableQueue", "LifoQueue", "PriorityQueue", "Queue", "SimpleQueue", "typeid_of"]

_MAXSIZE_MAX: Final = 2**62


def _whole(maxsize: float) -> int:
    """Return the least number of items that is no less than *maxsize*: with so many, a queue of Python's is full."""
    if isinstance(maxsize, SupportsIndex):
        most = operator.index(maxsize)
    else:
        if not maxsize > 0:  # a NaN neither
            return 0
        most = _MAXSIZE_MAX if maxsize > _MAXSIZE_MAX else math.ceil(maxsize)
    return max(-_MAXSIZE_MAX, min(most, _MAXSIZE_MAX))


class _Absent:
    """A method of other queues that one has not."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, obj: object, kind: type) -> NoReturn:
        raise AttributeError(f"{kind.__name__!r} object has no attribute {self._name!r}", name=self._name, obj=obj)


class Queue(_native.Queue):
    """A queue that every process attached to the arena works on directly."""

    __slots__ = ()
    _own_tag: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _native.own_methods(cls, "put", "get", "put_nowait", "get_nowait")

    @classmethod
    def create(cls, arena: _native.Arena, maxsize: float = 0) -> Self:
        """Make an empty queue; if *maxsize* is not positive, it takes any number of items."""
        return cls(arena, None, cls._own_tag, _whole(maxsize))

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait to take, to put or in ``join``, the first to come first."""
        return waiters_of(sorted(itertools.chain(*self._waiters()), key=lambda person: person[3]))

    def _get_maxsize(self) -> int:
        return self.maxsize

    def _getvalue(self) -> NoReturn:
        raise NotPicklable(f"a {type(self).__name__} cannot be copied")

    def __repr__(self) -> str:
        items, unfinished, is_shut_down = self._counts()
        end = ", shut down" if is_shut_down else ""
        return f"<queue, maxsize {self.maxsize}, {items} items, {unfinished} unfinished{end}>"


class JoinableQueue(Queue):
    """A queue by its other name."""

    __slots__ = ()
    _own_tag = ord("J")


class LifoQueue(Queue):
    """A queue whose last item is taken first: the native class knows it by its tag."""

    __slots__ = ()
    _own_tag = ord("L")


class SimpleQueue(Queue):
    """A queue of any length, with fewer methods for users."""

    __slots__ = ()
    _own_tag = ord("S")
    full = join = maxsize = shutdown = task_done = _Absent()

    @classmethod
    def create(cls, arena: _native.Arena) -> Self:  # type: ignore[override]  # it has no limit
        """Make an empty queue."""
        return cls(arena, None, cls._own_tag)

    def __repr__(self) -> str:
        return f"<queue, {self.qsize()} items>"


class PriorityQueue(Queue):
    """A queue whose least item is taken first; of equal ones, that which was put first."""

    __slots__ = ()
    _own_tag = ord("P")

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put an item where it belongs; comparisons may run again if another process is faster.

        Raises:
            queue.Full: There is no room, *timeout* seconds long.
            ShutDown: The queue was shut down.
            ValueError: *timeout* is negative.
        """
        end = self._deadline(block, timeout)
        while not self._put_in_order(item):
            if not block or not self._await_room(None if end is None else max(0.0, end - time.monotonic())):
                raise queue.Full

    def put_nowait(self, item: Any) -> None:
        """Put an item where it belongs, without waiting."""
        self.put(item, False)

    def put_many(self, items: Iterable[Any], block: bool = True, timeout: float | None = None) -> None:
        """Put items one after the other; an exception has ``items_put`` and ``items_left``, as those of other kinds."""
        end = self._deadline(block, timeout)
        done, left = 0, []
        try:
            for item in items:
                left = [item]
                self.put(item, block, None if end is None else max(0.0, end - time.monotonic()))
                done, left = done + 1, []
        except Exception as error:
            error.items_put = done  # type: ignore[attr-defined]
            if not hasattr(items, "__len__"):
                error.items_left = left  # type: ignore[attr-defined]
            raise

    def _deadline(self, block: bool, timeout: float | None) -> float | None:
        """Return when a ``put`` gives up that has to wait, by the monotonic clock; None for never, or at once."""
        if not block or timeout is None or self.maxsize <= 0:
            return None
        if timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        return time.monotonic() + timeout

    def _put_in_order(self, item: Any) -> bool:
        """Put an item, unless there is no room."""
        version, place = self._version(), self._place_between(item, 0, self.qsize())
        try:
            while not self._put_at(version, place, item):
                os.sched_yield()
                # What others do meanwhile hardly moves the place: found sooner than they do more.
                version = self._version()
                place = self._place_near(item, place)
        except queue.Full:
            return False
        return True

    def _place_between(self, item: Any, low: int, high: int) -> int:
        """Return the place behind every item that is not greater, which is none of those outside."""
        while low < high:
            middle = (low + high) // 2
            if self._is_before(item, middle):
                high = middle
            else:
                low = middle + 1
        return low

    def _place_near(self, item: Any, near: int) -> int:
        """Return the same by steps away from *near* that grow."""
        length, step = self.qsize(), 1
        low = high = min(near, length)
        if low > 0 and self._is_before(item, low - 1):
            high = low - 1
            while (low := max(0, high - step)) > 0 and self._is_before(item, low - 1):
                high, step = low - 1, 2 * step
        else:
            while high < length and not self._is_before(item, high):
                low, high, step = high + 1, min(length, high + 1 + step), 2 * step
        return self._place_between(item, low, high)

    def _is_before(self, item: Any, index: int) -> bool:
        """Whether the item *index* is greater, or not there any more."""
        other = self._peek(index)
        return other is None or bool(item < other[0])

    def _put_back(self, item: Any) -> None:
        """Put an item back that was taken, and is counted already; at the front, if nothing can be put."""
        try:
            is_in_order = self._put_in_order(item)
        except ShutDown:
            is_in_order = False
        if is_in_order:
            self.task_done()
        else:
            super()._put_back(item)


_KINDS: Final = {
    0: "Queue",
    **{cls._own_tag: cls.__name__ for cls in (JoinableQueue, LifoQueue, PriorityQueue, SimpleQueue)},
}


def typeid_of(tag: int) -> str:
    """Return the typeid of a queue with that tag."""
    return _KINDS.get(tag, "Queue")
