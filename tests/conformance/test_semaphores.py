"""Semaphore and BoundedSemaphore do what those of `threading` do, by every way to reach them."""

import threading
from typing import Any

import pytest

from tests.conformance.meeting import SHORT_S, all_of, elapsed_s, threads
from tests.conformance.subjects import (
    LIMIT_S,
    LOCKS,
    OUR_LOCKS,
    SHARED_LOCKS,
    Subject,
    on,
    outcome,
    standard_library_fails,
)

KINDS = pytest.mark.parametrize("kind", ["Semaphore", "BoundedSemaphore"])
EVERYWHERE, SHARED = on(*LOCKS), on(*SHARED_LOCKS)
RELEASES_SEVERAL = standard_library_fails("its proxy releases one only", on=LOCKS)


def permits(semaphore: Any) -> int:
    """How many can be taken now; they are put back."""
    taken = 0
    while semaphore.acquire(False):
        taken += 1
    for _ in range(taken):
        semaphore.release()
    return taken


@EVERYWHERE
@KINDS
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize(
    "args",
    [(False,), (None,), (False, 1), (False, -1), (False, None), (True, 0), (True, -1), (True, 0.01), (True, -5.5)],
    ids=str,
)
def test_acquire_takes_and_refuses_what_threadings_does(
    subject: Subject, manager: Any, kind: str, value: int, args: tuple[Any, ...]
) -> None:
    semaphore, model = getattr(manager, kind)(value), getattr(threading, kind)(value)
    assert outcome(semaphore.acquire, *args) == outcome(model.acquire, *args)
    assert permits_left(semaphore) == permits_left(model)


def permits_left(semaphore: Any) -> int:
    taken = 0
    while semaphore.acquire(False):
        taken += 1
    return taken


@EVERYWHERE
@KINDS
def test_there_are_as_many_permits_as_its_value(subject: Subject, manager: Any, kind: str) -> None:
    make = getattr(manager, kind)
    assert [permits(make()), permits(make(0)), permits(make(3)), permits(make(value=2))] == [1, 0, 3, 2]


@standard_library_fails("an error of a constructor arrives as text", on=LOCKS)
@KINDS
def test_a_negative_value_is_the_error_of_threading(subject: Subject, manager: Any, kind: str) -> None:
    with pytest.raises(ValueError, match="semaphore initial value must be >= 0"):
        getattr(manager, kind)(-1)


@EVERYWHERE
@KINDS
def test_a_released_permit_can_be_taken_by_any_thread(subject: Subject, manager: Any, kind: str) -> None:
    semaphore = getattr(manager, kind)()
    with threads(1) as other:
        assert semaphore.acquire() is True
        other.submit(semaphore.release).result(LIMIT_S)
        assert other.submit(semaphore.acquire).result(LIMIT_S) is True
        assert permits(semaphore) == 0
        semaphore.release()
    assert permits(semaphore) == 1


@EVERYWHERE
@KINDS
def test_a_timed_acquire_waits_its_time_and_takes_nothing(subject: Subject, manager: Any, kind: str) -> None:
    semaphore = getattr(manager, kind)()
    semaphore.acquire()
    with elapsed_s(SHORT_S):
        assert semaphore.acquire(True, SHORT_S) is False
    semaphore.release()
    assert permits(semaphore) == 1


@EVERYWHERE
@KINDS
def test_a_with_block_binds_true_and_releases_whatever_ends_it(subject: Subject, manager: Any, kind: str) -> None:
    semaphore = getattr(manager, kind)(2)
    with semaphore as bound:
        assert bound is True
        assert permits(semaphore) == 1
    with pytest.raises(KeyError), semaphore:
        raise KeyError
    assert permits(semaphore) == 2


@EVERYWHERE
@KINDS
def test_each_release_lets_one_in_who_waits(subject: Subject, manager: Any, kind: str) -> None:
    semaphore = getattr(manager, kind)(2)
    with threads(4) as others:
        assert semaphore.acquire()
        assert semaphore.acquire()
        waiting = [others.submit(semaphore.acquire) for _ in range(2)]
        semaphore.release()
        semaphore.release()
        assert all_of(waiting) == [True] * 2
    assert permits(semaphore) == 0


@EVERYWHERE
@KINDS
def test_no_more_threads_are_inside_than_there_are_permits(subject: Subject, manager: Any, kind: str) -> None:
    semaphore, most = getattr(manager, kind)(2), 0
    inside: list[None] = []

    def work() -> None:
        nonlocal most
        for _ in range(25):
            with semaphore:
                inside.append(None)
                most = max(most, len(inside))
                inside.pop()

    with threads(5) as others:
        all_of([others.submit(work) for _ in range(5)])
    assert 1 <= most <= 2
    assert permits(semaphore) == 2


@EVERYWHERE
def test_a_semaphore_counts_beyond_its_first_value(subject: Subject, manager: Any) -> None:
    semaphore = manager.Semaphore(0)
    for _ in range(3):
        semaphore.release()
    assert permits(semaphore) == 3


@RELEASES_SEVERAL
def test_a_semaphore_releases_several_at_once(subject: Subject, manager: Any) -> None:
    semaphore = manager.Semaphore(0)
    with threads(3) as others:
        waiting = [others.submit(semaphore.acquire) for _ in range(3)]
        try:
            semaphore.release(3)
        except TypeError:  # nobody is to wait for it
            for _ in range(3):
                semaphore.release()
            raise
        assert all_of(waiting) == [True] * 3
    semaphore.release(2)
    assert permits(semaphore) == 2


@RELEASES_SEVERAL
@KINDS
@pytest.mark.parametrize("n", [0, -1])
def test_releasing_less_than_one_is_the_error_of_threading(subject: Subject, manager: Any, kind: str, n: int) -> None:
    semaphore = getattr(manager, kind)(1)
    assert outcome(semaphore.release, n) == outcome(getattr(threading, kind)(1).release, n)
    assert permits(semaphore) == 1


@EVERYWHERE
def test_a_bounded_semaphore_refuses_what_would_exceed_its_first_value(subject: Subject, manager: Any) -> None:
    semaphore = manager.BoundedSemaphore(2)
    error = outcome(threading.BoundedSemaphore(2).release)
    assert outcome(semaphore.release) == error
    semaphore.acquire()
    semaphore.release()
    assert outcome(semaphore.release) == error
    assert permits(semaphore) == 2


@RELEASES_SEVERAL
def test_a_bounded_semaphore_releases_all_that_it_was_asked_to_or_none(subject: Subject, manager: Any) -> None:
    semaphore = manager.BoundedSemaphore(3)
    semaphore.acquire()
    assert outcome(semaphore.release, 2) == outcome(threading.BoundedSemaphore(3).release, 2)
    assert permits(semaphore) == 2
    semaphore.acquire()
    semaphore.release(2)
    assert permits(semaphore) == 3


@on(*OUR_LOCKS[1:])  # threading's have no such method
@KINDS
def test_it_is_locked_while_there_is_no_permit(subject: Subject, manager: Any, kind: str) -> None:
    semaphore = getattr(manager, kind)(2)
    with semaphore:
        assert semaphore.locked() is False
        with semaphore:
            assert semaphore.locked() is True
    assert semaphore.locked() is False


def take(semaphore: Any) -> bool:
    return bool(semaphore.acquire(True, LIMIT_S))


def give(semaphore: Any) -> None:
    semaphore.release()


@SHARED
@KINDS
def test_a_permit_taken_in_one_process_is_given_back_in_another(subject: Subject, manager: Any, kind: str) -> None:
    semaphore = getattr(manager, kind)(1)
    assert subject.run_in_child(take, semaphore)
    assert permits(semaphore) == 0
    with threads(1) as other:
        waiting = other.submit(subject.run_in_child, take, semaphore)
        semaphore.release()
        assert waiting.result(LIMIT_S)
    subject.run_in_child(give, semaphore)
    assert permits(semaphore) == 1
