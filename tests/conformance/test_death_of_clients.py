"""A process that dies, however, frees what it held within a second; one that ends in order leaves its locks."""

import contextlib
import gc
import itertools
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection
from threading import BrokenBarrierError
from typing import Any

import pytest

from manor import OwnerDiedWarning
from tests.conformance.cases import each
from tests.conformance.children import Child, forked
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    MANOR,
    MANOR_FORK,
    STANDARD_FORK,
    Subject,
    on,
    register,
    standard_library_fails,
    standard_library_left_out,
    until,
)

RELEASED_S = 1.0  # the promise
OWNED = ("Lock", "RLock", "BoundedSemaphore", "Condition")
REGISTERED = ("registered_lock", "registered_rlock", "registered_bounded_semaphore", "registered_condition")

register("registered_lock", threading.Lock)
register("registered_rlock", threading.RLock)
register("registered_bounded_semaphore", threading.BoundedSemaphore)
register("registered_semaphore", threading.Semaphore)
register("registered_condition", threading.Condition)
register("registered_queue", queue.Queue)
register("registered_simple_queue", queue.SimpleQueue)


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


# What children do


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


def wait_in(test: Connection, condition: Any) -> None:
    """Wait in a condition for ever, after the lock that only the wait gives back."""
    condition.acquire()
    test.send("has the lock")
    test.send(condition.wait())
    condition.release()


def take_first(test: Connection, shelf: Any) -> Any:
    """Hold the object that is in a list, and whatever `test` asks for."""
    held = shelf[0]
    test.send("holds")
    test.recv()
    return held


def end_by(test: Connection, how: str, shelf: Any, lock: Any) -> None:
    held = shelf[0]
    lock.acquire()
    test.send("holds")
    if how == "exit":
        sys.exit(3)
    if how == "exception":
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the traceback is not of interest
        raise RuntimeError("not caught")
    if how == "_exit":
        os._exit(0)
    if how == "terminate":
        signal.pause()
    del held  # before the end


def return_with_a_thread_at_work(test: Connection, lock: Any, shelf: Any) -> None:
    """Return from the main thread, while another one, which the process waits for, goes on."""
    held = shelf[0]

    def work() -> None:
        threading.main_thread().join()
        assert held is not None
        lock.acquire()
        test.send("holds")
        test.recv()

    threading.Thread(target=work).start()


def hold_much_memory(test: Connection, lock: Any) -> None:
    much = b"x" * 500_000_000
    acquire(test, lock)
    del much


def lock_and_unlock(test: Connection, lock: Any) -> None:
    test.send("ready")
    while True:
        with lock:
            pass


# What tests ask


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


# References


@standard_library_fails("nobody counts down for a killed process")
def test_what_only_a_killed_process_referred_to_is_freed(subject: Subject, manager: Any, probe: Probe) -> None:
    with mortal(manager, probe) as shelf, Child(subject.context, take_first, shelf) as child:
        child.hear()
        del shelf[:]
        assert probe.mortals() > 0
        child.kill()


@each(["return", "exit", "exception"], standard_library="return", fails="what is in a list is never freed")
def test_what_only_an_ended_process_referred_to_is_freed(
    subject: Subject, manager: Any, probe: Probe, kind: str
) -> None:
    lock = manager.Lock()
    with mortal(manager, probe) as shelf, Child(subject.context, end_by, kind, shelf, lock) as child:
        child.hear()
        del shelf[:]
        child.join()


# Locks


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


@each(OWNED, standard_library="Lock", fails="a killed process keeps its locks")
def test_whoever_waits_already_gets_what_a_killed_process_held(
    subject: Subject, manager: Any, probe: Probe, kind: str
) -> None:
    before = probe.waiting()
    lock = getattr(manager, kind)()
    with Child(subject.context, acquire, lock) as owner:
        owner.hear()
        with Child(subject.context, call, lock, "acquire", True, 5) as heir:
            heir.hear()
            until(lambda: probe.waiting() == before + 1)
            owner.kill()
            killed = time.monotonic()
            acquired, warned = heir.hear()
            assert acquired
            assert time.monotonic() - killed < RELEASED_S
            assert f"process {owner.pid} " in warned[0]


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


@on(*MANOR)
def test_an_owner_that_dies_while_others_wait_in_the_condition_is_told_to_the_waiter(
    subject: Subject, manager: Any
) -> None:
    condition = manager.Condition()
    with Child(subject.context, acquire_and_notify, condition) as child, condition:
        child.tell()
        assert child.hear() == "asks"
        with pytest.warns(OwnerDiedWarning, match=rf"\b{child.pid}\b"):
            assert condition.wait(10)


def acquire_and_notify(test: Connection, condition: Any) -> None:
    test.recv()
    test.send("asks")
    condition.acquire()
    condition.notify()
    os.kill(os.getpid(), signal.SIGKILL)


# Waits


@each(["Queue", "JoinableQueue", "registered_queue", "registered_simple_queue"])  # elsewhere it may be lost: a race
def test_a_process_killed_in_get_takes_no_item_from_a(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    before = probe.waiting()
    items = getattr(manager, kind)()
    with Child(subject.context, call, items, "get") as child:
        child.hear()
        until(lambda: probe.waiting() == before + 1)
        child.kill()
        items.put("one")
    assert items.get(True, RELEASED_S) == "one"


@each([*OWNED, "Semaphore", *REGISTERED, "registered_semaphore"])  # elsewhere the dead may get it: a race
def test_a_process_killed_in_acquire_takes_no(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    before = probe.waiting()
    lock = getattr(manager, kind)()
    lock.acquire()
    with Child(subject.context, call, lock, "acquire") as child:
        child.hear()
        until(lambda: probe.waiting() == before + 1)
        child.kill()
        lock.release()
    assert subject.run_in_child(acquires_and_releases, lock)


def acquires_and_releases(lock: Any) -> bool:
    if not lock.acquire(True, RELEASED_S):
        return False
    lock.release()
    return True


@each(["Condition", "registered_condition"])  # elsewhere the dead takes the notification and the lock: others hang
def test_a_process_killed_in_a_wait_takes_neither_lock_nor_notification(
    subject: Subject, manager: Any, kind: str
) -> None:
    condition = getattr(manager, kind)()
    with (
        Child(subject.context, wait_in, condition) as dying,
        Child(subject.context, wait_in, condition) as living,
    ):
        for child in (dying, living):
            child.hear()
            assert acquires_and_releases(condition)
        dying.kill()
        condition.acquire()
        condition.notify()
        condition.release()
        assert living.hear() is True
        assert living.join() == 0
    assert acquires_and_releases(condition)


@standard_library_fails("the dead count as one that has come", on=(*MANOR, STANDARD_FORK))
def test_a_process_killed_in_a_barrier_breaks_it(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(2)
    with Child(subject.context, call, barrier, "wait") as child:
        child.hear()
        until(lambda: barrier.n_waiting == 1)
        child.kill()
    with pytest.raises(BrokenBarrierError):
        barrier.wait(RELEASED_S)


@standard_library_left_out("it never breaks: those who wait go on waiting")
def test_others_who_wait_in_a_barrier_learn_at_once_that_one_was_killed(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    with Child(subject.context, call, barrier, "wait") as dying, Child(subject.context, broken_in, barrier) as living:
        dying.hear()
        living.hear()
        until(lambda: barrier.n_waiting == 2)
        dying.kill()
        killed = time.monotonic()
        assert living.hear() is True
        assert time.monotonic() - killed < RELEASED_S


def broken_in(test: Connection, barrier: Any) -> None:
    test.send("calls")
    try:
        barrier.wait()
    except BrokenBarrierError:
        test.send(True)
    else:
        test.send(False)


# How a process ends


@each(
    itertools.product(["Lock", "BoundedSemaphore", "registered_lock"], ["return", "exit", "exception"]),
    standard_library=("Lock", "return"),
)
def test_an_orderly_end_leaves_it_locked_and_another_process_may_release(
    subject: Subject, manager: Any, probe: Probe, kind: tuple[str, str]
) -> None:
    lock, how = getattr(manager, kind[0])(), kind[1]
    buried = contextlib.nullcontext(manager.list([0])) if subject.is_standard else mortal(manager, probe)
    with buried as shelf, Child(subject.context, end_by, how, shelf, lock) as child:
        child.hear()
        del shelf[:]
        assert child.join() == {"return": 0, "exit": 3, "exception": 1}[how]
    assert not lock.acquire(False)
    lock.release()
    with warnings.catch_warnings():
        warnings.simplefilter("error", OwnerDiedWarning)
        assert lock.acquire(False)


@each(["_exit", "terminate"], standard_library="_exit", fails="a killed process keeps its locks")
def test_an_end_without_the_interpreters_own_gives_back(subject: Subject, manager: Any, kind: str) -> None:
    lock = manager.Lock()
    shelf = manager.list([0])
    with Child(subject.context, end_by, kind, shelf, lock) as child:
        child.hear()
        if kind == "terminate":
            child.kill(signal.SIGTERM)
        acquired_after_death(lock, child.pid)


@standard_library_left_out("it has no rule for a bare fork")
def test_a_bare_fork_that_ends_by_exit_gives_back(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    with forked(lambda _: lock.acquire()) as child:
        assert child.hear()
    acquired_after_death(lock, child.pid)


@standard_library_fails("a killed process keeps its locks", on=(*MANOR, STANDARD_FORK))
def test_a_process_killed_after_its_main_thread_returned_gives_back(subject: Subject, manager: Any) -> None:
    lock, shelf = manager.Lock(), manager.list([0])
    with Child(subject.context, return_with_a_thread_at_work, lock, shelf) as child:
        child.hear()
        acquired_after_death(lock, child.kill())


@on(*MANOR)
def test_a_process_that_ends_with_its_last_thread_leaves_it_locked(
    subject: Subject, manager: Any, probe: Probe
) -> None:
    lock = manager.Lock()
    with mortal(manager, probe) as shelf, Child(subject.context, return_with_a_thread_at_work, lock, shelf) as child:
        child.hear()
        del shelf[:]
        child.tell()
        assert child.join() == 0
    assert not lock.acquire(False)


@standard_library_fails("a killed process keeps its locks", on=(*MANOR, STANDARD_FORK))
def test_a_killed_process_with_much_memory_gives_back_as_fast(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    with Child(subject.context, hold_much_memory, lock) as child:
        child.hear()
        os.kill(child.pid, signal.SIGKILL)
        acquired_after_death(lock, child.pid)


# At random moments


def kill_at_random(subject: Subject, manager: Any, rng: Any, rounds: int) -> None:
    """Kill a process that does nothing but lock and unlock; the lock must be free each time."""
    lock = manager.Lock()
    for _ in range(rounds):
        with Child(subject.context, lock_and_unlock, lock) as child:
            child.hear()
            threading.Event().wait(rng.uniform(0, 0.005))
            child.kill()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OwnerDiedWarning)
                assert lock.acquire(True, RELEASED_S)
            lock.release()


@on(*MANOR)
def test_a_process_killed_at_any_moment_leaves_no_lock_locked(subject: Subject, manager: Any, rng: Any) -> None:
    kill_at_random(subject, manager, rng, rounds=10 if subject is MANOR_FORK else 3)


@pytest.mark.stress
@on(*MANOR)
def test_a_thousand_processes_killed_at_any_moment_leave_no_lock_locked(
    subject: Subject, manager: Any, rng: Any
) -> None:
    kill_at_random(subject, manager, rng, rounds=1000 if subject.method == "fork" else 100)
