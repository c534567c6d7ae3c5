"""What processes do before they die, and what the others find afterwards; types of their own for both."""

import contextlib
import gc
import queue
import threading
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import OwnerDiedWarning
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    register,
    until,
)

RELEASED_S = 5.0  # the promise is 1 s, of a machine that is not busy; whatever waited for a lease would take longer
OWNED = ("Lock", "RLock", "BoundedSemaphore", "Condition")
REGISTERED = ("registered_lock", "registered_rlock", "registered_bounded_semaphore", "registered_condition")

register("registered_lock", threading.Lock)
register("registered_rlock", threading.RLock)
register("registered_bounded_semaphore", threading.BoundedSemaphore)
register("registered_semaphore", threading.Semaphore)
register("registered_condition", threading.Condition)
register("registered_queue", queue.Queue)
register("registered_simple_queue", queue.SimpleQueue)


def acquire(test: Connection, *locks: Any) -> None:
    for lock in locks:
        lock.acquire()
    test.send("holds")
    test.recv()


def enter(test: Connection, *locks: Any) -> None:
    with contextlib.ExitStack() as stack:
        for lock in locks:
            stack.enter_context(lock)
        test.send("holds")
        test.recv()


def call(test: Connection, proxy: Any, method: str, *args: Any) -> None:
    test.send("calls")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = getattr(proxy, method)(*args)
    test.send((result, [str(each.message) for each in caught]))


def take_first(test: Connection, shelf: Any) -> Any:
    """Hold the object that is in a list, and whatever `test` asks for."""
    held = shelf[0]
    test.send("holds")
    test.recv()
    return held


@contextlib.contextmanager
def mortal(manager: Any, probe: Probe) -> Iterator[Any]:
    """A list with the only reference to an object; at the end the object must be gone within a second."""
    before = probe.mortals()
    shelf = manager.list([manager.Mortal()])
    gc.collect()
    assert probe.mortals() == before + 1
    yield shelf
    del shelf[:]
    until(lambda: probe.mortals() == before, RELEASED_S)


def acquired_after_death(lock: Any, pid: int) -> None:
    """Acquire within a second, with a warning that names the process."""
    with pytest.warns(OwnerDiedWarning, match=rf"\b{pid}\b"):
        assert lock.acquire(True, RELEASED_S)


def taken(lock: Any) -> bool:
    if lock.acquire(False):
        lock.release()
        return False
    return True


def acquires_and_releases(lock: Any) -> bool:
    with warnings.catch_warnings():
        # Whoever was killed while it waited may have been given the lock just before its death was noticed.
        warnings.simplefilter("ignore", OwnerDiedWarning)
        if not lock.acquire(True, RELEASED_S):
            return False
    lock.release()
    return True
