"""Who holds a lock and who waits, and what is held or waited for, by every way to reach the manager."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import Empty, Full
from typing import Any

import pytest

from manor.errors import NotExposed, OwnerDiedWarning
from tests.conformance.children import Child
from tests.conformance.lock_states import state_of, waiting
from tests.conformance.meeting import threads
from tests.conformance.subjects import (
    CONTAINERS,
    LIMIT_S,
    MANOR_FORK,
    MANOR_SERVED,
    MANOR_TCP,
    Subject,
    on,
    register,
    until,
)

EVERYWHERE = on(*CONTAINERS)


register("registered_lock", threading.Lock)


def pids(people: list[Any]) -> list[int]:
    return [person.pid for person in people]


def hold(test: Connection, lock: Any) -> None:
    lock.acquire()
    test.send("held")
    test.recv()


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition"])
def test_a_lock_tells_who_holds_it(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    free = lock.holder
    assert free is None
    with lock:
        assert lock.holder.pid == os.getpid()
        assert lock.holder.process_name == ("" if subject is MANOR_TCP else "MainProcess")
    free = lock.holder
    assert free is None
    with Child(subject.context, hold, lock) as child:
        child.hear()
        assert lock.holder.pid == child.process.pid
        child.kill()


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "Semaphore", "BoundedSemaphore"])
def test_a_lock_tells_who_waits_for_it(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    assert lock.waiters == []
    lock.acquire()
    with threads(1) as other:
        future = other.submit(lock.acquire, True, LIMIT_S)
        until(lambda: pids(lock.waiters) == [os.getpid()])
        lock.release()
        assert future.result(LIMIT_S)
    assert lock.waiters == []


@EVERYWHERE
def test_a_condition_and_an_event_tell_who_waits_for_them(subject: Subject, manager: Any) -> None:
    condition, event = manager.Condition(), manager.Event()

    def wait() -> None:
        with condition:
            condition.wait(LIMIT_S)

    def notify() -> None:
        with condition:
            condition.notify()

    with waiting(wait, end=notify), waiting(event.wait, LIMIT_S, end=event.set):
        until(lambda: pids(condition.waiters) == pids(event.waiters) == [os.getpid()])
    assert condition.waiters == event.waiters == []


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "BoundedSemaphore"])
def test_a_lock_tells_that_its_owner_died_until_the_next_has_released(
    subject: Subject, manager: Any, kind: str
) -> None:
    lock = getattr(manager, kind)()
    with Child(subject.context, hold, lock) as child:
        child.hear()
        child.kill()
    with pytest.warns(OwnerDiedWarning):
        lock.acquire()
    died = lock.owner_died
    lock.release()
    assert (died, lock.owner_died) == (True, False)


@EVERYWHERE
def test_what_has_no_holder_has_no_such_attribute(subject: Subject, manager: Any) -> None:
    semaphore = manager.Semaphore()
    with pytest.raises(NotExposed, match=r"HOLDER|holder"):
        semaphore.holder  # noqa: B018
    assert not hasattr(semaphore, "holder")


@EVERYWHERE
def test_nothing_is_told_of_a_lock_that_a_program_registers(subject: Subject, manager: Any) -> None:
    lock = manager.registered_lock()
    for name in ("holder", "waiters", "owner_died"):
        assert not hasattr(lock, name)


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition"])
def test_the_manager_lists_what_is_held(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    assert state_of(manager, lock) is None
    with lock:
        state = state_of(manager, lock)
        assert (state.type, state.name, state.waiters) == (kind, None, [])
        assert state.holder.pid == os.getpid()
        with threads(1) as other:
            future = other.submit(lock.acquire, True, LIMIT_S)
            if kind != "Condition":  # those who want a condition's lock wait for that, and not to be notified
                until(lambda: pids(state_of(manager, lock).waiters) == [os.getpid()])
            lock.release()
            assert future.result(LIMIT_S)
            other.submit(lock.release).result(LIMIT_S)
        lock.acquire()
    assert state_of(manager, lock) is None


@EVERYWHERE
def test_the_manager_lists_what_is_waited_for(subject: Subject, manager: Any) -> None:
    semaphore, event = manager.Semaphore(0), manager.Event()
    with waiting(semaphore.acquire, end=semaphore.release), waiting(event.wait, LIMIT_S, end=event.set):
        for waited_for, kind in ((semaphore, "Semaphore"), (event, "Event")):
            until(lambda waited_for=waited_for: state_of(manager, waited_for) is not None)  # type: ignore[misc]
            state = state_of(manager, waited_for)
            assert (state.type, state.holder, pids(state.waiters)) == (kind, None, [os.getpid()])


@EVERYWHERE
def test_the_manager_lists_queues_and_barriers_that_are_waited_for(subject: Subject, manager: Any) -> None:
    queue, barrier = manager.Queue(), manager.Barrier(2)
    with waiting(queue.get, end=lambda: queue.put(1)), waiting(barrier.wait, end=barrier.wait):
        for waited_for, kind in ((queue, "Queue"), (barrier, "Barrier")):
            until(lambda waited_for=waited_for: state_of(manager, waited_for) is not None)  # type: ignore[misc]
            state = state_of(manager, waited_for)
            assert (state.type, state.holder, pids(state.waiters)) == (kind, None, [os.getpid()])
            assert pids(waited_for.waiters) == [os.getpid()]
    assert queue.waiters == barrier.waiters == []


@EVERYWHERE
@pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"])
def test_a_queue_tells_who_waits_for_it(subject: Subject, manager: Any, kind: str) -> None:
    queue = getattr(manager, kind)()
    with waiting(queue.get, end=lambda: queue.put(1)):
        until(lambda: pids(queue.waiters) == [os.getpid()])
    assert queue.waiters == []


MOMENT_S = 0.05  # long enough to stand in line


def give_up_taking(queue: Any) -> None:
    with pytest.raises(Empty):
        queue.get(timeout=MOMENT_S)


def give_up_putting(queue: Any) -> None:
    for number in range(queue.qsize(), 1):
        queue.put(number)
    with pytest.raises(Full):
        queue.put("no room", timeout=MOMENT_S)


def give_up_acquiring(lock: Any) -> None:
    lock.acquire()
    assert not lock.acquire(timeout=MOMENT_S)


def give_up_being_notified(condition: Any) -> None:
    with condition:
        assert not condition.wait(MOMENT_S)


GIVING_UP: dict[str, tuple[str, tuple[int, ...], Callable[[Any], None]]] = {
    "get of a Queue": ("Queue", (), give_up_taking),
    "get of a SimpleQueue": ("SimpleQueue", (), give_up_taking),
    "get of a LifoQueue": ("LifoQueue", (), give_up_taking),
    "get of a PriorityQueue": ("PriorityQueue", (), give_up_taking),
    "put of a Queue": ("Queue", (1,), give_up_putting),
    "put of a JoinableQueue": ("JoinableQueue", (1,), give_up_putting),
    "a Lock": ("Lock", (), give_up_acquiring),
    "a Semaphore": ("Semaphore", (1,), give_up_acquiring),
    "a BoundedSemaphore": ("BoundedSemaphore", (1,), give_up_acquiring),
    "a Condition": ("Condition", (), give_up_being_notified),
    "an Event": ("Event", (), lambda event: event.wait(MOMENT_S)),
}


@EVERYWHERE
@pytest.mark.parametrize(("kind", "args", "give_up"), GIVING_UP.values(), ids=GIVING_UP)
def test_who_gives_up_stands_in_line_no_longer(
    subject: Subject, manager: Any, kind: str, args: tuple[int, ...], give_up: Callable[[Any], None]
) -> None:
    waited_for = getattr(manager, kind)(*args)
    give_up(waited_for)  # in a thread that lives on: whoever ends is found in another way
    assert waited_for.waiters == []


@EVERYWHERE
def test_a_queue_tells_who_waits_for_room_and_who_in_join(subject: Subject, manager: Any) -> None:
    queue = manager.JoinableQueue(1)
    queue.put(1)
    with waiting(queue.join, end=queue.task_done):
        until(lambda: len(queue.waiters) == 1)
        with waiting(queue.put, 2, end=queue.get):
            until(lambda: len(queue.waiters) == 2)
        queue.task_done()
    queue.get()
    assert queue.waiters == []


@EVERYWHERE
def test_what_has_a_name_is_listed_by_it(subject: Subject) -> None:
    with subject.manager() as manager:
        manager.dict(name="another")
        lock = manager.Lock(name="tables")
        assert manager.locks() == []
        with lock:
            (state,) = manager.locks()
            assert state.name == "tables"


def test_what_is_held_is_listed_after_a_crash_of_the_server() -> None:
    with MANOR_FORK.manager() as manager, manager.Lock() as _:
        os.kill(manager._process.pid, signal.SIGKILL)
        manager.join()
        assert [state.type for state in manager.locks()] == ["Lock"]


def test_what_a_server_hosts_beside_its_shared_memory_is_listed_by_those_who_ask_it() -> None:
    with MANOR_SERVED.manager() as manager:
        first, second = manager.Lock(), manager.Lock()
        with first, second:
            assert {state.id for state in manager.locks()} == {first._token.id, second._token.id}
