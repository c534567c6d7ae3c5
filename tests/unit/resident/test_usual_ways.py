"""The short ways of methods: whatever is not their usual case behaves as if there were none."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor import _native
from manor._resident.events import Event
from manor._resident.locks import Lock, RLock
from manor._resident.semaphores import BoundedSemaphore, Semaphore
from tests.unit.resident.arenas import in_children

LOCKS = (Lock, RLock, Semaphore, BoundedSemaphore)
METHODS = ("acquire", "release", "__enter__", "__exit__")


class OurLock(Lock):
    """A class that inherits, as those of the proxies do."""

    __slots__ = ()


class OurEvent(Event):
    """Likewise."""

    __slots__ = ()


def operations(arena: _native.Arena) -> int:
    return arena.stats()["operations"]


@pytest.mark.parametrize("kind", LOCKS)
def test_methods_return_what_they_return_otherwise(arena: _native.Arena, kind: Any) -> None:
    lock = kind(arena)
    for _ in range(2):  # the first in a thread is never usual
        assert lock.acquire() is True
        assert lock.release() is None
        assert lock.__enter__() is True
        assert lock.__exit__() is None
        assert lock.__enter__() is True
        assert lock.__exit__(None, None, None) is None


@pytest.mark.parametrize("kind", LOCKS)
def test_arguments_count(arena: _native.Arena, kind: Any) -> None:
    lock = kind(arena)
    for _ in range(2):
        assert lock.acquire(False) is True
        lock.release()
        assert lock.acquire(blocking=True, timeout=1) is True
        lock.release()
    lock.acquire()
    if kind is not RLock:
        assert lock.acquire(False) is False
        assert lock.acquire(timeout=0.001) is False
    with pytest.raises(ValueError, match="timeout"):
        lock.acquire(False, 1)


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize(
    ("name", "args", "kwds"),
    [
        ("acquire", (True, 1, 2), {}),
        ("acquire", (), {"unknown": 1}),
        ("release", (1, 2), {}),
        ("release", (), {"unknown": 1}),
        ("__enter__", (1,), {}),
        ("__exit__", (), {"unknown": 1}),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(
    arena: _native.Arena, kind: Any, name: str, args: tuple[Any, ...], kwds: dict[str, Any]
) -> None:
    lock = kind(arena)
    with lock:
        pass
    with pytest.raises(TypeError):
        getattr(lock, name)(*args, **kwds)
    with lock:
        assert lock.locked()
        with pytest.raises(TypeError):
            getattr(lock, name)(*args, **kwds)
        assert lock.locked()
    assert not lock.locked()


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_refused_to_what_is_no_instance_of_its_class(arena: _native.Arena, name: str) -> None:
    for kind in (_native.Mutex, Lock, OurLock):
        method: Callable[..., Any] = getattr(kind, name)
        for other in (object(), None, BoundedSemaphore(arena)):
            with pytest.raises(TypeError):
                method(other)
    with pytest.raises(TypeError):
        getattr(OurLock, name)(Lock(arena))  # its own methods are for its own instances
    with pytest.raises(TypeError):
        getattr(Lock, name)()


def test_a_subclass_that_overrides_a_method_is_heard(arena: _native.Arena) -> None:
    class Counting(Lock):
        __slots__ = ("calls",)
        calls: int

        def acquire(self, *args: Any, **kwds: Any) -> bool:
            self.calls += 1
            return super().acquire(*args, **kwds)

    for kind in (Counting, type("Further", (Counting,), {"__slots__": ()})):
        lock = kind(arena)
        lock.calls = 0
        assert lock.acquire() is True
        assert lock.acquire(False) is False
        assert lock.calls == 2
        lock.release()


def test_own_methods_are_given_only_where_there_is_a_native_one_to_inherit(arena: _native.Arena) -> None:
    assert all(name in vars(OurLock) for name in METHODS)
    assert "is_set" in vars(OurEvent)

    class Plain:
        def acquire(self) -> str:
            return "ours"

    class Mixed(Plain, Lock):  # type: ignore[misc]  # another signature, on purpose
        __slots__ = ()

    assert Mixed(arena).acquire() == "ours"
    _native.own_methods(Mixed, "__repr__", "acquire")
    assert "__repr__" not in vars(Mixed)
    assert "acquire" not in vars(Mixed)
    with pytest.raises(AttributeError):
        _native.own_methods(OurLock, "no_such_method")
    with pytest.raises(TypeError):
        _native.own_methods(OurLock, 1)  # type: ignore[arg-type]


def test_every_operation_is_counted_once_by_each_way(arena: _native.Arena) -> None:
    lock: Any = OurLock(arena)
    event = OurEvent(arena)
    with lock:
        event.set()
    for work, count in (
        (lambda: (lock.acquire(), lock.release()), 2),
        (lambda: (lock.acquire(True), lock.release()), 2),
        (event.is_set, 1),
    ):
        before = operations(arena)
        work()
        assert operations(arena) - before == count


@pytest.mark.parametrize("kind", [Event, OurEvent])
def test_an_event_is_seen_as_it_is(arena: _native.Arena, kind: Any) -> None:
    event = kind(arena)
    assert event.is_set() is False
    event.set()
    assert event.is_set() is True
    event.clear()
    assert event.is_set() is False
    with pytest.raises(TypeError):
        event.is_set(1)
    with pytest.raises(TypeError):
        kind.is_set(Lock(arena))


def test_a_thread_that_is_new_takes_the_long_way_once(arena: _native.Arena) -> None:
    lock: Any = OurLock(arena)
    found: list[Any] = []

    def work() -> None:
        found.extend((lock.acquire(), lock.release()) for _ in range(2))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(True, None)] * 2


def test_a_forked_child_is_another_thread(arena: _native.Arena) -> None:
    lock = OurRLock(arena)
    lock.acquire()

    def work() -> None:
        assert lock.acquire(False) is False
        with pytest.raises(RuntimeError, match="un-acquired"):
            lock.release()

    in_children(arena, work, 1)
    lock.release()


class OurRLock(RLock):
    """As above."""

    __slots__ = ()


def test_after_the_end_of_the_arena_every_way_fails(arena: _native.Arena) -> None:
    lock, event, permits = OurLock(arena), OurEvent(arena), Semaphore(arena)
    with lock, permits:
        event.set()
    lock.acquire()
    arena.end()
    for method in (
        lock.acquire, lock.release, lock.__enter__, lock.__exit__, event.is_set, permits.acquire, permits.release,
        permits.__enter__, permits.__exit__,
    ):  # fmt: skip
        with pytest.raises(ConnectionError):
            method()
