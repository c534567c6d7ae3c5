"""A release that a process had asked for just before it was killed, and that is carried out after its burial."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor._server.adapters import adapt
from manor._server.primitives import BoundedSemaphore, Lock, Semaphore
from manor._server.waiting import Abandoned
from tests.unit.server.clients import clients

Methods = tuple[Callable[[], Any], Callable[[], Any], Callable[[Any], None], Callable[[], bool]]


def of_primitive(lock: Any, enter: str, leave: str) -> Methods:
    return getattr(lock, enter), getattr(lock, leave), lock.release_dead, lambda: bool(lock.locked())


def of_adapted(lock: Any, enter: str, leave: str) -> Methods:
    def locked() -> bool:
        if lock.acquire(blocking=False):
            lock.release()
            return False
        return True

    adapter: Any = adapt(lock)
    return adapter.method(enter), adapter.method(leave), adapter.release_dead, locked


LOCKS: dict[str, Callable[[], Methods]] = {
    "Lock": lambda: of_primitive(Lock(), "acquire", "release"),
    "BoundedSemaphore": lambda: of_primitive(BoundedSemaphore(), "acquire", "release"),
    "with Semaphore": lambda: of_primitive(Semaphore(), "enter", "leave"),
    "registered Lock": lambda: of_adapted(threading.Lock(), "acquire", "release"),
    "registered BoundedSemaphore": lambda: of_adapted(threading.BoundedSemaphore(), "acquire", "release"),
    "with registered Semaphore": lambda: of_adapted(threading.Semaphore(), "__enter__", "__exit__"),
}


@pytest.mark.parametrize("kind", LOCKS)
def test_it_does_not_release_what_the_next_owner_has(kind: str) -> None:
    acquire, release, release_dead, locked = LOCKS[kind]()
    with clients(2) as (dead, heir):
        dead.run(acquire)
        release_dead(dead.process)
        heir.run(acquire)
        with pytest.raises(Abandoned):
            dead.run(release)
        assert locked()
        heir.run(release)
        assert not locked()


@pytest.mark.parametrize("kind", ["Semaphore", "registered Semaphore"])
def test_a_signal_that_it_had_sent_arrives(kind: str) -> None:
    with clients(1) as (dead,):
        if kind == "Semaphore":
            own = Semaphore(0)
            own.release_dead(dead.process)
            dead.run(own.release)
            assert own.acquire(blocking=False)
        else:
            registered = threading.Semaphore(0)
            adapter: Any = adapt(registered)
            adapter.release_dead(dead.process)
            dead.run(adapter.method("release"))
            assert registered.acquire(blocking=False)
