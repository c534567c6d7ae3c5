"""A process that dies, however, frees what it held within a second."""

import os
import signal
import threading
import warnings
from multiprocessing.connection import Connection
from random import Random
from typing import Any

import pytest

from manor import OwnerDiedWarning
from tests.conformance.cases import each
from tests.conformance.children import Child
from tests.conformance.deaths import (
    OWNED,
    REGISTERED,
    RELEASED_S,
    acquire,
    acquired_after_death,
    enter,
    mortal,
    take_first,
    taken,
)
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    MANOR,
    MANOR_FORK,
    STANDARD_FORK,
    Subject,
    standard_library_fails,
    standard_library_left_out,
    until,
)


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


def hold_much_memory(test: Connection, lock: Any) -> None:
    much = b"x" * 500_000_000
    acquire(test, lock)
    del much


def lock_and_unlock(test: Connection, lock: Any) -> None:
    test.send("ready")
    while True:
        lock.acquire()
        lock.release()


@standard_library_fails("nobody counts down for a killed process")
def test_what_only_a_killed_process_referred_to_is_freed(subject: Subject, manager: Any, probe: Probe) -> None:
    with mortal(manager, probe) as shelf, Child(subject.context, take_first, shelf) as child:
        child.hear()
        del shelf[:]
        assert probe.mortals() > 0
        child.kill()


@each(OWNED, standard_library="Lock", fails="a killed process keeps its locks")
def test_a_killed_process_gives_back_its(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with Child(subject.context, acquire, lock) as child:
        child.hear()
        assert taken(lock)
        acquired_after_death(lock, child.kill())
    lock.release()
    assert not taken(lock)


@each(["RLock", "Condition"], standard_library="RLock", fails="a killed process keeps its locks")
def test_a_killed_process_gives_back_what_it_acquired_three_times(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with Child(subject.context, acquire, lock, lock, lock) as child:
        child.hear()
        acquired_after_death(lock, child.kill())
    lock.release()
    assert not taken_by_another(subject, lock)


def taken_by_another(subject: Subject, lock: Any) -> bool:
    return bool(subject.run_in_child(taken, lock))


@each(
    ["Semaphore", "BoundedSemaphore", "Lock", "RLock", "Condition"],
    standard_library="BoundedSemaphore",
    fails="a killed process keeps its permits",
)
def test_a_process_killed_in_a_with_block_gives_back_its(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with Child(subject.context, enter, lock) as child:
        child.hear()
        assert taken(lock)
        acquired_after_death(lock, child.kill())
    lock.release()


@each(["Semaphore", "registered_semaphore"])  # elsewhere nothing tells that the death has been dealt with
def test_a_permit_taken_by_acquire_may_be_a_signal_and_stays_taken(subject: Subject, manager: Any, kind: str) -> None:
    permits, lock = getattr(manager, kind)(2), manager.Lock()
    with Child(subject.context, acquire, permits, lock) as child:
        child.hear()
        acquired_after_death(lock, child.kill())
    assert permits.acquire(False)
    assert not permits.acquire(False)


@standard_library_left_out("the lock that tells that the death has been dealt with is never given back")
def test_only_the_permits_of_the_dead_are_given_back(subject: Subject, manager: Any) -> None:
    permits = manager.BoundedSemaphore(3)
    with Child(subject.context, acquire, permits) as living, Child(subject.context, acquire, permits, permits) as dying:
        living.hear()
        dying.hear()  # in any order: there are three
        assert taken(permits)
        acquired_after_death(permits, dying.kill())
        assert permits.acquire(False)
        assert not permits.acquire(False)
        living.kill()
    acquired_after_death(permits, living.pid)


@each(REGISTERED, standard_library="registered_lock", fails="a killed process keeps its locks")
def test_a_killed_process_gives_back_a(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with Child(subject.context, acquire, lock) as child:
        child.hear()
        assert taken(lock)
        child.kill()
        assert lock.acquire(True, RELEASED_S)
    lock.release()


@each([*OWNED, "Semaphore"])  # the standard library has no such warning
def test_a_with_block_refused_by_a_warning_made_an_error_has_released(
    subject: Subject, manager: Any, kind: str
) -> None:
    lock = getattr(manager, kind)()
    with Child(subject.context, enter, lock) as child:
        child.hear()
        child.kill()
        until(lambda: not lock.locked(), RELEASED_S)
    with warnings.catch_warnings(), pytest.raises(OwnerDiedWarning):
        warnings.simplefilter("error", OwnerDiedWarning)
        with lock:
            pytest.fail("entered")
    assert not lock.locked()


@standard_library_fails("a killed process keeps its locks", on=(*MANOR, STANDARD_FORK))
def test_a_killed_process_with_much_memory_gives_back_as_fast(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    with Child(subject.context, hold_much_memory, lock) as child:
        child.hear()
        os.kill(child.pid, signal.SIGKILL)
        acquired_after_death(lock, child.pid)


def kill_at_random(subject: Subject, manager: Any, kind: str, rng: Random, rounds: int) -> None:
    """Kill a process that does nothing but lock and unlock; the lock must be free each time, and then ours alone."""
    lock = getattr(manager, kind)()
    for _ in range(rounds):
        with Child(subject.context, lock_and_unlock, lock) as child:
            child.hear()
            threading.Event().wait(rng.uniform(0, 0.005))
            child.kill()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OwnerDiedWarning)
                assert lock.acquire(True, RELEASED_S)
            lock.release()


AT_RANDOM = ("Lock", "RLock", "BoundedSemaphore", "registered_lock")


@each(AT_RANDOM)  # elsewhere it keeps them
def test_a_process_killed_at_any_moment_leaves_nothing_locked(
    subject: Subject, manager: Any, rng: Random, kind: str
) -> None:
    kill_at_random(subject, manager, kind, rng, rounds=10 if subject is MANOR_FORK else 3)


@pytest.mark.stress
@pytest.mark.timeout(1200)
@each(AT_RANDOM)  # elsewhere it keeps them
def test_a_thousand_processes_killed_at_any_moment_leave_nothing_locked(
    subject: Subject, manager: Any, rng: Random, kind: str
) -> None:
    kill_at_random(subject, manager, kind, rng, rounds=1000 if subject.method == "fork" else 100)
