"""When a holder is killed, those who sleep get what it held in the order in which they came."""

from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.deaths import acquire
from tests.conformance.meeting import all_of, threads
from tests.conformance.subjects import LIMIT_S, MANOR_FORK, MANOR_SERVED, MANOR_TCP, Subject, on, until
from tests.faults.waiting.witness import deaths

HOMES = on(MANOR_FORK, MANOR_SERVED, MANOR_TCP)
WAITERS = 8
KINDS = ("Lock", "RLock", "BoundedSemaphore", "Condition", "Semaphore")


def made(manager: Any, kind: str) -> Any:
    return manager.Semaphore(1, release_on_death=True) if kind == "Semaphore" else getattr(manager, kind)()


def waiters_of(manager: Any, lock: Any) -> int:
    """How many wait to acquire; a condition's own list has those who wait to be notified."""
    state = next((state for state in manager.locks() if state.id == lock._token.id), None)
    return 0 if state is None else len(state.waiters)


def note_turn(lock: Any, turns: list[int], number: int) -> None:
    assert lock.acquire(True, LIMIT_S)
    turns.append(number)
    lock.release()


@HOMES
@pytest.mark.filterwarnings("ignore::manor.OwnerDiedWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_holder_is_followed_in_the_order_of_waiting(subject: Subject, manager: Any, kind: str) -> None:
    lock = made(manager, kind)
    turns: list[int] = []
    with Child(subject.context, acquire, lock) as child, threads(WAITERS) as pool:
        child.hear()
        futures = []
        for number in range(WAITERS):
            futures.append(pool.submit(note_turn, lock, turns, number))
            until(lambda: waiters_of(manager, lock) == len(futures))
        child.kill()
        all_of(futures)
    assert turns == list(range(WAITERS))


def wait_for_its_turn(test: Connection, lock: Any) -> None:
    test.recv()
    lock.acquire()
    test.recv()  # it is killed before it is told anything


@HOMES
@pytest.mark.filterwarnings("ignore::manor.OwnerDiedWarning")
@pytest.mark.parametrize("kind", ["Lock", "BoundedSemaphore"])
def test_waiters_that_are_killed_too_are_passed_over(subject: Subject, manager: Any, kind: str) -> None:
    lock = made(manager, kind)
    turns: list[int] = []
    with (
        Child(subject.context, acquire, lock) as holder,
        Child(subject.context, wait_for_its_turn, lock) as first,
        Child(subject.context, wait_for_its_turn, lock) as second,
        threads(2) as pool,
    ):
        holder.hear()
        futures: list[Any] = []
        for number, child in enumerate((first, second)):
            child.tell()
            until(lambda: waiters_of(manager, lock) == 2 * len(futures) + 1)
            futures.append(pool.submit(note_turn, lock, turns, number))
            until(lambda: waiters_of(manager, lock) == 2 * len(futures))
        first.kill()
        holder.kill()
        second.kill()
        all_of(futures)
    assert turns == [0, 1]
    assert lock.acquire(True, LIMIT_S)
    lock.release()


@HOMES
def test_only_the_first_of_them_is_told(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    turns: list[int] = []
    with Child(subject.context, acquire, lock) as child, threads(2) as pool:
        child.hear()
        futures = [pool.submit(note_turn, lock, turns, number) for number in range(2)]
        until(lambda: waiters_of(manager, lock) == 2)
        with deaths() as told:
            child.kill()
            all_of(futures)
    assert len(told) == 1
