"""Threads and processes that meet at a lock, for tests of any kind of lock."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.conformance.subjects import LIMIT_S

__all__ = ["all_of", "asleep_in", "elapsed_s", "threads", "waited_for"]

SHORT_S = 0.05  # a time-out that is meant to pass


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads that do what is submitted."""
    with ThreadPoolExecutor(count) as pool:
        yield pool


def all_of(futures: list["Future[Any]"]) -> list[Any]:
    return [future.result(LIMIT_S) for future in futures]


def waited_for(condition: Any, entered: threading.Event, timeout: float = LIMIT_S) -> bool:
    with condition:
        entered.set()
        return bool(condition.wait(timeout))


def asleep_in(condition: Any, pool: ThreadPoolExecutor, count: int) -> list["Future[bool]"]:
    """So many threads of the pool that wait in the condition by now: they had its lock, and it is free again."""
    futures = []
    for _ in range(count):
        entered = threading.Event()
        futures.append(pool.submit(waited_for, condition, entered))
        assert entered.wait(LIMIT_S)
        with condition:
            pass
    return futures


@contextmanager
def elapsed_s(least: float) -> Iterator[None]:
    """What is done here takes at least so long."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started >= least
