"""A process that dies in a wait takes nothing with it; whoever waits for a dead one learns of it."""

import os
import signal
import time
from multiprocessing.connection import Connection
from threading import BrokenBarrierError
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
    acquires_and_releases,
    call,
)
from tests.conformance.probe import Probe, newly_waiting
from tests.conformance.subjects import (
    MANOR,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
    standard_library_left_out,
    until,
)


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


def wait_in(test: Connection, condition: Any) -> None:
    """Wait in a condition for ever, after the lock that only the wait gives back."""
    condition.acquire()
    test.send("has the lock")
    test.send(condition.wait())
    condition.release()


@each(OWNED, standard_library="Lock", fails="a killed process keeps its locks")
def test_whoever_waits_already_gets_what_a_killed_process_held(
    subject: Subject, manager: Any, probe: Probe, kind: str
) -> None:
    before = probe.waiters()
    lock = getattr(manager, kind)()
    with Child(subject.context, acquire, lock) as owner:
        owner.hear()
        with Child(subject.context, call, lock, "acquire", True, 5) as heir:
            heir.hear()
            until(lambda: newly_waiting(probe, before) == 1)
            owner.kill()
            killed = time.monotonic()
            acquired, warned = heir.hear()
            assert acquired
            assert time.monotonic() - killed < RELEASED_S
            assert f"process {owner.pid} " in warned[0]


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


@each(["Queue", "JoinableQueue", "registered_queue", "registered_simple_queue"])  # elsewhere it may be lost: a race
def test_a_process_killed_in_get_takes_no_item_from_a(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    before = probe.waiters()
    items = getattr(manager, kind)()
    with Child(subject.context, call, items, "get") as child:
        child.hear()
        until(lambda: newly_waiting(probe, before) == 1)
        child.kill()
        items.put("one")
    assert items.get(True, RELEASED_S) == "one"


@each([*OWNED, "Semaphore", *REGISTERED, "registered_semaphore"])  # elsewhere the dead may get it: a race
def test_a_process_killed_in_acquire_takes_no(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    before = probe.waiters()
    lock = getattr(manager, kind)()
    lock.acquire()
    with Child(subject.context, call, lock, "acquire") as child:
        child.hear()
        until(lambda: newly_waiting(probe, before) == 1)
        child.kill()
        lock.release()
    assert subject.run_in_child(acquires_and_releases, lock)


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
    until(lambda: barrier.broken, RELEASED_S)
    with pytest.raises(BrokenBarrierError):
        barrier.wait()


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
