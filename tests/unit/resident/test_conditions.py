"""Conditions, events and barriers in the arena: what they do beyond those of `threading`."""

import signal
import threading
from typing import Any

import pytest

from manor import _native
from manor._resident.conditions import Condition
from manor._resident.events import Barrier, Event
from manor._resident.locks import Lock, RLock
from manor._resident.placing import can_be_resident
from manor.errors import NotPicklable, OwnerDiedWarning
from tests.conformance.subjects import until
from tests.unit.resident.arenas import killed, make_arena


def waiting_thread(wait: Any, results: list[Any]) -> threading.Thread:
    thread = threading.Thread(target=lambda: results.append(wait()))
    thread.start()
    return thread


@pytest.mark.parametrize("kind", [Lock, RLock])
def test_a_condition_shares_a_lock_and_keeps_it(arena: _native.Arena, kind: Any) -> None:
    lock = kind.create(arena)
    condition = Condition.create(arena, lock)
    lock.acquire()
    assert condition.locked()
    assert (lock.holder or ())[:3] == (condition.holder or (None,))[:3]
    again = Condition(arena, condition._handle)
    handle = lock._handle
    del lock
    again.release()
    assert not condition.locked()
    assert not kind(arena, handle).locked()


def test_a_condition_takes_no_lock_of_another_arena_and_nothing_else(arena: _native.Arena) -> None:
    for lock in (Lock.create(make_arena()), Condition.create(arena), Event.create(arena), threading.Lock()):
        with pytest.raises(TypeError, match="of its own manager"):
            Condition.create(arena, lock)


def test_a_wait_leaves_an_rlock_wholly_and_takes_it_as_often_again(arena: _native.Arena) -> None:
    condition = Condition.create(arena)
    results: list[Any] = []

    def wait() -> Any:
        with condition, condition, condition:
            woken = condition.wait(10)
            return woken, condition.locked()

    thread = waiting_thread(wait, results)
    until(lambda: len(condition.waiters) == 1)
    with condition:
        condition.notify()
    thread.join()
    assert results == [(True, True)]
    assert not condition.locked()


def test_a_wait_that_ends_past_a_dead_holder_warns_and_has_the_lock(arena: _native.Arena) -> None:
    condition = Condition.create(arena)

    def notify_and_hold() -> None:
        condition.acquire()
        condition.notify()

    def kill() -> None:
        until(lambda: len(condition.waiters) == 1)
        killed(arena, notify_and_hold)

    thread = threading.Thread(target=kill)
    with condition:
        thread.start()
        with pytest.warns(OwnerDiedWarning, match="Condition"):
            assert condition.wait(10)
        assert condition.locked()
        assert condition.owner_died
    thread.join()
    assert not condition.owner_died


def test_an_interrupted_wait_ends_when_it_has_the_lock_again_and_passes_its_notification_on(
    arena: _native.Arena,
) -> None:
    condition = Condition.create(arena)
    results: list[Any] = []

    def wait_too() -> Any:
        with condition:
            return condition.wait(10)

    def interrupt() -> None:
        until(lambda: len(condition.waiters) == 1)
        second = waiting_thread(wait_too, results)
        until(lambda: len(condition.waiters) == 2)
        with condition:
            condition.notify()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            handled.wait()
        second.join()

    handled = threading.Event()

    def handle(*_: object) -> None:
        handled.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)
    thread = threading.Thread(target=interrupt)
    try:
        with condition:
            thread.start()
            with pytest.raises(KeyboardInterrupt):
                condition.wait()
            assert condition.locked()
    finally:
        signal.signal(signal.SIGINT, before)
    thread.join()
    assert results == [True]


def test_a_notification_reaches_as_many_as_it_says(arena: _native.Arena) -> None:
    condition = Condition.create(arena)
    results: list[Any] = []

    def wait() -> Any:
        with condition:
            return condition.wait(10)

    threads = [waiting_thread(wait, results) for _ in range(3)]
    until(lambda: len(condition.waiters) == 3)
    with condition:
        condition.notify(0)
        condition.notify(-1)
        condition.notify(2)
    until(lambda: len(results) == 2)
    assert len(condition.waiters) == 1
    with condition:
        condition.notify_all()
    for thread in threads:
        thread.join()
    assert results == [True] * 3


def test_an_event_that_is_lowered_at_once_has_woken_all(arena: _native.Arena) -> None:
    event = Event.create(arena)
    results: list[Any] = []
    threads = [waiting_thread(event.wait, results) for _ in range(3)]
    until(lambda: len(event.waiters) == 3)
    event.set()
    event.clear()
    for thread in threads:
        thread.join()
    assert results == [True] * 3
    assert (event.is_set(), event.wait(0), event.wait(0.01)) == (False, False, False)
    assert repr(event) == "<Event, unset, 0 waiting>"


def test_a_process_killed_at_a_barrier_breaks_it(arena: _native.Arena) -> None:
    barrier = Barrier.create(arena, 3)
    results: list[Any] = []

    def wait() -> Any:
        with pytest.raises(threading.BrokenBarrierError):
            barrier.wait()

    thread = waiting_thread(wait, results)
    until(lambda: barrier.n_waiting == 1)
    killed(arena, barrier.wait, lambda: barrier.n_waiting == 2)
    arena.sweep_dead()
    thread.join()
    assert barrier.broken
    barrier.reset()
    assert (barrier.broken, barrier.n_waiting, barrier.parties) == (False, 0, 3)


def test_a_barriers_own_time_limit_counts_where_a_wait_names_none(arena: _native.Arena) -> None:
    barrier = Barrier.create(arena, 2, timeout=0.01)
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    assert repr(barrier) == "<Barrier, broken>"
    barrier.reset()
    results: list[Any] = []
    thread = waiting_thread(lambda: barrier.wait(10), results)
    until(lambda: barrier.n_waiting == 1)
    assert [waiter.thread for waiter in barrier.waiters] == [thread.native_id]
    results.append(barrier.wait(10))
    thread.join()
    assert sorted(results) == [0, 1]


def test_what_needs_the_server_is_not_for_the_arena(arena: _native.Arena) -> None:
    lock = Lock.create(arena)
    assert can_be_resident("Barrier", (2, None, 1.0), {})
    assert not can_be_resident("Barrier", (2, print), {})
    assert not can_be_resident("Barrier", (2,), {"action": print})
    assert can_be_resident("Condition", (), {})
    assert can_be_resident("Condition", (lock,), {})
    assert not can_be_resident("Condition", (), {"lock": threading.Lock()})
    assert can_be_resident("Semaphore", (1,), {})


def test_none_of_them_can_be_copied(arena: _native.Arena) -> None:
    for waited_for in (Condition.create(arena), Event.create(arena), Barrier.create(arena, 1)):
        with pytest.raises(NotPicklable):
            waited_for._getvalue()
