"""Processes are killed while they fight for a lock: never are two inside, what the dead held goes on, the next is told.

Whoever is killed holds the lock, waits for it, or is on its way from one to the other.
"""

import os
import random
import signal
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.deaths import RELEASED_S, acquire, acquires_and_releases
from tests.conformance.lock_states import state_of
from tests.conformance.subjects import LIMIT_S, Subject, until
from tests.faults.arena.victims import Tally, seeded, surviving
from tests.faults.waiting.crowd import Crowd
from tests.faults.waiting.witness import EACH_HOME, TWO_HOMES, Guarded, dawdle, deaths

SHORT, LONG = 30, 1_000
KILLS = pytest.mark.parametrize(
    "kills", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])]
)
Way = Callable[[Any], bool]


def at_last(lock: Any) -> bool:
    return bool(lock.acquire())


def in_time(lock: Any) -> bool:
    return bool(lock.acquire(True, LIMIT_S))


def hastily(lock: Any) -> bool:
    return bool(lock.acquire(True, 0.0005))


def at_once(lock: Any) -> bool:
    return bool(lock.acquire(False))


def entering(lock: Any) -> bool:
    lock.__enter__()
    return True


def leave(lock: Any, way: Way) -> None:
    if way is entering:
        lock.__exit__(None, None, None)
    else:
        lock.release()


WAYS: tuple[Way, ...] = (at_last, in_time, hastily, at_once, entering)
KINDS: dict[str, tuple[Callable[[Any], Any], tuple[Way, ...]]] = {
    "Lock": (lambda m: m.Lock(), WAYS),
    "RLock": (lambda m: m.RLock(), WAYS),
    "BoundedSemaphore": (lambda m: m.BoundedSemaphore(1), WAYS),
    "Condition": (lambda m: m.Condition(), WAYS),
    "Semaphore": (lambda m: m.Semaphore(1), (entering,)),  # what else it gives may be a signal, and stays given
}
CASES = [pytest.param(*EACH_HOME[2].values, "Lock", id="Lock-manor-tcp")] + [
    pytest.param(*home.values, kind, id=f"{kind}-{home.id}") for kind in KINDS for home in TWO_HOMES
]


def visit(tally: Tally, rng: random.Random, lock: Any, kind: str, guarded: Guarded) -> None:
    """Be inside once, if there is room."""
    way = rng.choice(KINDS[kind][1])
    with deaths() as told:
        if not way(lock):
            return
        again = kind in {"RLock", "Condition"} and rng.randrange(3) == 0
        if again:
            assert lock.acquire()
        guarded.visit(told, rng.randrange(200))
        tally[1] += 1
        if again:
            lock.release()
        leave(lock, way)


@KILLS
@pytest.mark.parametrize(("subject", "kind"), CASES)
def test_never_are_two_inside_and_nobody_is_kept_out(
    subject: Subject, rng: random.Random, kind: str, kills: int
) -> None:
    guarded = Guarded()
    with subject.manager() as manager:
        lock = KINDS[kind][0](manager)
        with (
            surviving(visit, seeded(rng.random()), lock, kind, guarded) as survivor,
            Crowd(rng, visit, lock, kind, guarded, doom=guarded.doom) as crowd,
        ):
            for _ in range(kills):
                crowd.kill_one()
        done = crowd.done + survivor[1]
        assert done <= guarded.count <= done + crowd.killed
        assert acquires_and_releases(lock)
        assert not lock.locked()


# One holder, and others who wait


def be_next(test: Any, lock: Any, numbers: Guarded) -> None:
    test.send("calls")
    with deaths() as told:
        assert lock.acquire(True, LIMIT_S)
        numbers.visit(told, 0)
        lock.release()
    test.send(told)


@pytest.mark.parametrize(("subject", "kind"), [case for case in CASES if case.values[1] != "Semaphore"])
def test_all_who_wait_go_on_and_the_first_one_is_told_who_died(subject: Subject, rng: random.Random, kind: str) -> None:
    guarded = Guarded()
    with subject.manager() as manager, ExitStack() as stack:
        lock = KINDS[kind][0](manager)
        holder = stack.enter_context(Child(subject.context, acquire, lock))
        holder.hear()
        waiting = [stack.enter_context(Child(subject.context, be_next, lock, guarded)) for _ in range(6)]
        for child in waiting:
            assert child.hear() == "calls"
        dying, living = waiting[:3], waiting[3:]
        doomed = rng.sample([holder, *dying], 4)
        for child in doomed:
            guarded.doom(child.pid)
        for child in doomed:
            child.kill()
        told = [child.hear() for child in living]
        assert all(child.join() == 0 for child in living)
        assert sum(map(len, told)) <= len(doomed)
        assert acquires_and_releases(lock)
    assert len(living) <= guarded.count <= len(waiting)


def hold_and_release(test: Any, lock: Any) -> None:
    with lock:
        test.send("holds")
        test.recv()
    test.send("released")


@pytest.mark.parametrize(("subject", "kind"), CASES)
def test_who_is_stopped_is_not_dead(subject: Subject, kind: str) -> None:
    with subject.manager() as manager:
        lock = KINDS[kind][0](manager)
        with Child(subject.context, hold_and_release, lock) as holder, deaths() as told:
            holder.hear()
            os.kill(holder.pid, signal.SIGSTOP)
            os.waitpid(holder.pid, os.WUNTRACED)
            assert lock.acquire(True, 0.3) is False
            os.kill(holder.pid, signal.SIGCONT)
            holder.tell()
            assert lock.acquire(True, LIMIT_S)
            assert holder.hear() == "released"
            lock.release()
        assert told == []


def acquire_and_release(test: Any, lock: Any) -> None:
    test.send("calls")
    with deaths() as told:
        assert lock.acquire(True, LIMIT_S)
    lock.release()
    test.send(told)


@pytest.mark.parametrize("fate", [signal.SIGCONT, signal.SIGKILL])
@pytest.mark.parametrize(("subject", "kind"), [case for case in CASES if case.values[1] != "Semaphore"])
def test_who_is_stopped_in_line_has_its_turn_or_dies_and_the_others_theirs(
    subject: Subject, kind: str, fate: int
) -> None:
    with subject.manager() as manager:
        lock = KINDS[kind][0](manager)
        lock.acquire()
        with (
            Child(subject.context, acquire_and_release, lock) as stopped,
            Child(subject.context, acquire_and_release, lock) as other,
        ):
            for child in (stopped, other):
                assert child.hear() == "calls"
            until(lambda: len(state_of(manager, lock).waiters) == 2)
            os.kill(stopped.pid, signal.SIGSTOP)
            os.waitpid(stopped.pid, os.WUNTRACED)
            lock.release()
            os.kill(stopped.pid, fate)
            if fate == signal.SIGCONT:
                assert other.hear() == stopped.hear() == []
            else:
                assert len(other.hear()) <= 1  # it was given the lock before it was killed, or not
                stopped.join()
            assert acquires_and_releases(lock)


# Permits

PERMITS = 3
HASTY: tuple[Way, ...] = (hastily, at_once)  # for the second one: if all waited for it, nobody would get any


def use_permits(tally: Tally, rng: random.Random, permits: Any, kind: str) -> None:
    """Hold up to two of them for a moment."""
    taken: list[Way] = []
    ways = WAYS if kind == "BoundedSemaphore" else KINDS["Semaphore"][1]
    with deaths():
        for way in (rng.choice(ways), *rng.sample(HASTY, 1)):
            if kind == "Semaphore" and taken:
                break  # what it gives by acquire may be a signal
            if way(permits):
                taken.append(way)
        dawdle(rng.randrange(200))
        for each in taken:
            leave(permits, each)


@KILLS
@pytest.mark.parametrize("subject", TWO_HOMES)
@pytest.mark.parametrize("kind", ["BoundedSemaphore", "Semaphore"])
def test_all_permits_of_the_killed_come_back_and_no_others(
    subject: Subject, rng: random.Random, kind: str, kills: int
) -> None:
    with subject.manager() as manager:
        permits = getattr(manager, kind)(PERMITS)
        with (
            surviving(use_permits, seeded(rng.random()), permits, kind),
            Crowd(rng, use_permits, permits, kind) as crowd,
        ):
            for _ in range(kills):
                crowd.kill_one()
        with deaths():
            until(lambda: free(permits) == PERMITS, RELEASED_S)
            assert free(permits) == PERMITS


def free(permits: Any) -> int:
    """How many can be taken; they are put back."""
    taken = 0
    while taken <= PERMITS and permits.acquire(False):
        taken += 1
    for _ in range(taken):
        permits.release()
    return taken
