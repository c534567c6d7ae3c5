"""From where locks were acquired and waits began, with ``debug=True``, by every way to reach the manager."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from manor import Manager
from manor.errors import OwnerDied, OwnerDiedWarning
from tests.conformance.children import Child
from tests.conformance.lock_states import state_of, waiting
from tests.conformance.meeting import threads
from tests.conformance.subjects import CONTAINERS, LIMIT_S, Subject, on, until

EVERYWHERE = on(*CONTAINERS)


@pytest.fixture
def debugged(subject: Subject) -> Iterator[Any]:
    """A manager that is being debugged."""
    with subject.manager(debug=True) as manager:
        yield manager


def line_of(function: Any, text: str) -> str:
    """The site of the first line of a function that has a text in it."""
    code = function.__code__
    lines = Path(code.co_filename).read_text(encoding="utf-8").splitlines()
    number = next(at for at in range(code.co_firstlineno, len(lines)) if text in lines[at])
    return f"{code.co_filename}:{number + 1}"


def enter(lock: Any, then: Any) -> Any:
    with lock:
        return then()


def acquire(lock: Any, then: Any) -> Any:
    assert lock.acquire(True, LIMIT_S)
    result = then()
    lock.release()
    return result


def wait(condition: Any) -> None:
    with condition:
        condition.wait(LIMIT_S)


def wait_for(condition: Any, flag: Any) -> None:
    with condition:
        condition.wait_for(flag.is_set, LIMIT_S)


def await_event(event: Any) -> None:
    event.wait(LIMIT_S)


def hold(test: Connection, lock: Any) -> None:
    lock.acquire()
    test.send("held")
    test.recv()


def sites(people: list[Any]) -> list[str]:
    return [person.where for person in people]


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition"])
def test_a_holder_tells_from_where_it_acquired(subject: Subject, debugged: Any, kind: str) -> None:
    lock = getattr(debugged, kind)()
    assert acquire(lock, lambda: lock.holder.where) == line_of(acquire, "acquire(True")
    assert enter(lock, lambda: lock.holder.where) == line_of(enter, "with lock")
    assert enter(lock, lambda: state_of(debugged, lock).holder.where) == line_of(enter, "with lock")


@EVERYWHERE
@pytest.mark.parametrize("kind", ["RLock", "Condition"])
def test_a_lock_that_is_acquired_again_is_held_from_where_it_was_first(
    subject: Subject, debugged: Any, kind: str
) -> None:
    lock = getattr(debugged, kind)()
    found = enter(lock, lambda: acquire(lock, lambda: lock.holder.where))
    assert found == line_of(enter, "with lock")


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "Semaphore", "BoundedSemaphore"])
@pytest.mark.parametrize(("way", "text"), [(acquire, "acquire(True"), (enter, "with lock")])
def test_a_waiter_tells_from_where_it_waits(subject: Subject, debugged: Any, kind: str, way: Any, text: str) -> None:
    lock = getattr(debugged, kind)()
    lock.acquire()
    with waiting(way, lock, lambda: None, end=lock.release):
        until(lambda: sites(lock.waiters) == [line_of(way, text)])
        assert sites(state_of(debugged, lock).waiters) == [line_of(way, text)]


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_lock_that_is_handed_over_is_held_from_where_its_holder_waited(
    subject: Subject, debugged: Any, kind: str
) -> None:
    lock = getattr(debugged, kind)()
    lock.acquire()
    with threads(1) as other:
        future = other.submit(enter, lock, lambda: lock.holder.where)
        until(lambda: len(lock.waiters) == 1)
        lock.release()
        assert future.result(LIMIT_S) == line_of(enter, "with lock")


@EVERYWHERE
def test_who_waits_for_a_condition_or_an_event_tells_from_where(subject: Subject, debugged: Any) -> None:
    condition, event = debugged.Condition(), debugged.Event()

    def notify() -> None:
        event.set()
        with condition:
            condition.notify_all()

    with waiting(wait, condition, end=notify), waiting(await_event, event, end=event.set):
        until(lambda: sites(condition.waiters) == [line_of(wait, "condition.wait")])
        until(lambda: sites(event.waiters) == [line_of(await_event, "event.wait")])
    event.clear()
    with waiting(wait_for, condition, event, end=notify):
        until(lambda: sites(condition.waiters) == [line_of(wait_for, "condition.wait_for")])


@EVERYWHERE
def test_a_condition_is_held_after_a_wait_from_where_that_was(subject: Subject, debugged: Any) -> None:
    condition = debugged.Condition()
    with condition:
        condition.wait(0.001)
        assert condition.holder.where == line_of(
            test_a_condition_is_held_after_a_wait_from_where_that_was, "wait(0.001)"
        )


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition", "BoundedSemaphore"])
def test_the_warning_of_a_death_tells_from_where_the_dead_one_acquired(
    subject: Subject, debugged: Any, kind: str
) -> None:
    lock = getattr(debugged, kind)()
    with Child(subject.context, hold, lock) as child:
        child.hear()
        child.kill()
    with pytest.warns(OwnerDiedWarning) as told:
        lock.acquire()
    assert f"(acquired at {line_of(hold, 'lock.acquire')})" in str(told[0].message)
    lock.release()


@on(*(subject for subject in CONTAINERS if subject.name != "manor-served"))
def test_the_exception_of_a_death_tells_it_too(subject: Subject, debugged: Any) -> None:
    lock = debugged.Lock(on_owner_death="raise")
    with Child(subject.context, hold, lock) as child:
        child.hear()
        child.kill()
    with pytest.raises(OwnerDied, match=r"test_sites\.py:"):
        lock.acquire()


@EVERYWHERE
def test_nothing_is_told_without_debug(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    assert enter(lock, lambda: (lock.holder.where, state_of(manager, lock).holder.where)) == (None, None)


def test_the_repr_of_a_lock_names_the_site_of_its_holder() -> None:
    with Manager(debug=True) as manager:
        lock, condition = manager.Lock(), manager.Condition()
        for held in (lock, condition):
            assert f" at {line_of(enter, 'with lock')}, 0 waiting>" in enter(held, lambda held=held: str(held))


def test_objects_are_counted_as_without_debug() -> None:
    with Manager(debug=True) as manager:
        lock = manager.Lock()
        enter(lock, lambda: None)
        assert manager.stats()["objects"] == {"Lock": 1}
        assert manager._number_of_objects() == 1
        assert manager.names() == []


def test_a_file_may_have_any_name() -> None:
    source = "def take(lock):\n    with lock:\n        return lock.holder.where\n"
    for options in ({}, {"resident": False}):
        for name in ("\udcff.py", "ünï.py", "x" * 5000 + ".py"):
            found: dict[str, Any] = {}
            exec(compile(source, name, "exec"), found)  # noqa: S102 - a file of such a name may not be possible
            with Manager(debug=True, **options) as manager:
                where = found["take"](manager.Lock())
            assert where.endswith(".py:2")


def test_locks_are_taken_though_there_is_no_room_to_note_from_where() -> None:
    with Manager(debug=True, arena_bytes_max=2**22) as manager:
        lock, filling = manager.Lock(), manager.list([""])
        with pytest.raises(MemoryError):
            while True:
                filling.append("x" * 7000)
        with pytest.raises(MemoryError):
            while True:
                filling.append("x" * 100)
        for _ in range(2):
            assert lock.acquire()
            lock.release()


def test_a_signal_handler_in_a_wait_has_a_site_of_its_own() -> None:
    with Manager(debug=True) as manager:
        outer: Any = manager.Lock()
        inner: Any = manager.Lock()
        seen: list[str] = []
        outer.acquire()

        def handle(*_: object) -> None:
            enter(inner, lambda: seen.append(inner.holder.where))
            threading.Thread(target=outer.release).start()

        before = signal.signal(signal.SIGUSR1, handle)
        try:
            with threads(1) as other:

                def interrupt() -> None:
                    until(lambda: len(outer.waiters) == 1)
                    os.kill(os.getpid(), signal.SIGUSR1)

                future = other.submit(interrupt)
                found = enter(outer, lambda: outer.holder.where)
                future.result(LIMIT_S)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert (seen, found) == ([line_of(enter, "with lock")], line_of(enter, "with lock"))


def test_python_frames_of_others_are_told_where_they_are_the_callers() -> None:
    with Manager(debug=True) as manager, contextlib.ExitStack() as stack:
        lock: Any = manager.Lock()
        stack.enter_context(lock)
        assert lock.holder.where.startswith(contextlib.__file__)
