"""Putting what an iterator yields into a queue that is reached by calls: in parts, as it comes.

A part is at first one item. The next one is twice as long if this one came in a moment, and else one item again: so a
slow iterator's items go one by one, and a fast one's need few calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

__all__ = ["put_in_parts"]

T = TypeVar("T")

_PART_ITEMS_MAX: Final = 256
_MOMENT_S: Final = 0.001


def put_in_parts(put: Callable[[list[T], float | None], object], items: Iterable[T], timeout: float | None) -> None:
    """Put items as they come; an exception gets ``items_put``, and ``items_left``, those that came and are not in.

    Args:
        put: Puts a list in so many seconds; its exceptions have ``items_put``.
        items: What to put.
        timeout: How long to wait for room at most, for all of them, in seconds; None is without limit.
    """
    end = None if timeout is None or timeout < 0 else time.monotonic() + timeout  # the queue refuses a negative one
    iterator, size, done = iter(items), 1, 0
    while True:
        part, failure, is_slow = _next_part(iterator, size)
        try:
            if part:
                put(part, timeout if end is None else max(0.0, end - time.monotonic()))
        except Exception as error:
            put_of_part = getattr(error, "items_put", 0)
            _tell(error, done + put_of_part, part[put_of_part:])
            raise
        done += len(part)
        if isinstance(failure, StopIteration):
            return
        if failure is not None:
            _tell(failure, done, [])
            raise failure
        size = 1 if is_slow else min(2 * size, _PART_ITEMS_MAX)


def _next_part(iterator: Iterator[T], size: int) -> tuple[list[T], BaseException | None, bool]:
    """Return what comes in a moment, *size* items at most; why nothing more comes, if so; whether it took longer."""
    part: list[T] = []
    end = time.monotonic() + _MOMENT_S
    try:
        while len(part) < size and time.monotonic() < end:
            part.append(next(iterator))
    except BaseException as error:
        return part, error, False
    return part, None, time.monotonic() >= end


def _tell(error: BaseException, items_put: int, items_left: list[T]) -> None:
    error.items_put = items_put  # type: ignore[attr-defined]
    error.items_left = items_left  # type: ignore[attr-defined]
