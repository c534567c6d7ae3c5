"""Threads that wait until a container changes, for tests of that."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import manor
from tests.conformance.subjects import LIMIT_S

__all__ = ["LONG_S", "Asked", "Predicate", "watching"]

LONG_S = 2 * LIMIT_S  # of a wait for what comes: when that ends, the predicate would see what nobody told of

Predicate = Callable[[Any], Any]


class Asked:
    """A predicate that says how often it was asked; the second time, the container is watched already."""

    def __init__(self, predicate: Predicate) -> None:
        self._predicate = predicate
        self.times = 0
        self.watching = threading.Event()

    def __call__(self, subject: Any) -> Any:
        result = self._predicate(subject)
        self.times += 1
        if self.times == 2:
            self.watching.set()
        return result


def watching(pool: Any, container: Any, predicate: Predicate) -> "tuple[Asked, Future[Any]]":
    """A thread that waits by now."""
    asked = Asked(predicate)
    future = pool.submit(manor.wait_for, container, asked, LONG_S)
    assert asked.watching.wait(LIMIT_S)
    return asked, future
