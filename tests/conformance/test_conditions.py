"""Condition does what that of `threading` does, by every way to reach it."""

import threading
from concurrent.futures import FIRST_COMPLETED, wait
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.meeting import SHORT_S, all_of, asleep_in, elapsed_s, threads
from tests.conformance.subjects import LIMIT_S, LOCKS, OUR_LOCKS, SHARED_LOCKS, Subject, on, outcome

EVERYWHERE, SHARED = on(*LOCKS), on(*SHARED_LOCKS)


def free_for_others(lock: Any) -> bool:
    with threads(1) as other:
        return bool(other.submit(acquired_and_released, lock).result(LIMIT_S))


def acquired_and_released(lock: Any) -> bool:
    taken = bool(lock.acquire(False))
    if taken:
        lock.release()
    return taken


@EVERYWHERE
@pytest.mark.parametrize(
    ("method", "args"),
    [("wait", ()), ("wait", (0,)), ("notify", ()), ("notify", (2,)), ("notify_all", ()), ("release", ())],
)
def test_without_its_lock_it_raises_what_threadings_does(
    subject: Subject, manager: Any, method: str, args: tuple[Any, ...]
) -> None:
    condition, model = manager.Condition(), threading.Condition()
    expected = outcome(getattr(model, method), *args)
    assert expected[1] is RuntimeError
    assert outcome(getattr(condition, method), *args) == expected
    with condition, threads(1) as other:  # somebody else has it
        assert other.submit(outcome, getattr(condition, method), *args).result(LIMIT_S) == expected
    assert acquired_and_released(condition)


@EVERYWHERE
def test_its_lock_can_be_taken_again_by_its_owner_only(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with condition as bound:
        assert bound is True
        assert condition.acquire(False) is True
        assert not free_for_others(condition)
        condition.release()
        assert not free_for_others(condition)
    assert free_for_others(condition)


@EVERYWHERE
@pytest.mark.parametrize("timeout", [0, 0.01, SHORT_S, -1])
def test_a_wait_that_nobody_ends_is_false_after_its_time_and_has_the_lock(
    subject: Subject, manager: Any, timeout: float
) -> None:
    condition = manager.Condition()
    with condition:
        with elapsed_s(timeout):
            assert condition.wait(timeout) is False
        assert not free_for_others(condition)
    assert free_for_others(condition)


@EVERYWHERE
def test_a_wait_releases_wholly_what_was_acquired_twice_and_takes_it_again(subject: Subject, manager: Any) -> None:
    condition, entered = manager.Condition(), threading.Event()

    def wait_nested() -> tuple[bool, bool]:
        with condition:
            condition.acquire()
            entered.set()
            notified = bool(condition.wait(LIMIT_S))
            condition.release()
            return notified, free_for_others(condition)

    with threads(1) as other:
        waiting = other.submit(wait_nested)
        assert entered.wait(LIMIT_S)
        with condition:
            condition.notify()
        assert waiting.result(LIMIT_S) == (True, False)
    assert free_for_others(condition)


@EVERYWHERE
def test_a_notification_with_nobody_waiting_is_not_kept(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with condition:
        condition.notify()
        condition.notify_all()
        assert condition.wait(0.01) is False


@EVERYWHERE
@pytest.mark.parametrize("n", [1, 2, 3])
def test_notify_wakes_as_many_as_it_is_told(subject: Subject, manager: Any, n: int) -> None:
    condition = manager.Condition()
    with threads(4) as pool:
        waiting = asleep_in(condition, pool, 4)
        with condition:
            condition.notify(n)
        left = set(waiting)
        while len(left) > 4 - n:
            done, left = wait(left, LIMIT_S, FIRST_COMPLETED)
            assert done
        with condition:  # each of the woken ones has had it by now
            assert sum(future.done() for future in waiting) == n
            condition.notify_all()
        assert all_of(waiting) == [True] * 4


@EVERYWHERE
def test_notify_wakes_those_who_wait_longest(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with threads(3) as pool:
        waiting = asleep_in(condition, pool, 3)
        for future in waiting:
            with condition:
                condition.notify()
            assert future.result(LIMIT_S) is True
        assert all_of(waiting) == [True] * 3


@EVERYWHERE
def test_more_notifications_than_waiters_are_no_error_and_not_kept(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with threads(2) as pool:
        waiting = asleep_in(condition, pool, 2)
        with condition:
            condition.notify(10)
        assert all_of(waiting) == [True] * 2
    with condition:
        assert condition.wait(0.01) is False


@EVERYWHERE
def test_who_is_notified_goes_on_when_the_lock_is_free(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with threads(1) as pool:
        (waiting,) = asleep_in(condition, pool, 1)
        with condition:
            condition.notify_all()
            assert condition.acquire()
            condition.release()
            assert not waiting.done()
        assert waiting.result(LIMIT_S) is True


@EVERYWHERE
def test_a_wait_out_of_time_leaves_the_notification_to_another(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with threads(1) as pool:
        with condition:
            assert condition.wait(0.01) is False
        (waiting,) = asleep_in(condition, pool, 1)
        with condition:
            condition.notify()
        assert waiting.result(LIMIT_S) is True


# wait_for


@EVERYWHERE
def test_wait_for_returns_what_its_predicate_says(subject: Subject, manager: Any) -> None:
    condition, answers = manager.Condition(), iter([0, "", "ready"])
    with condition:
        assert condition.wait_for(lambda: "at once") == "at once"
        with elapsed_s(SHORT_S):
            assert condition.wait_for(lambda: 0, SHORT_S) == 0
        assert condition.wait_for(list, timeout=0) == []
        assert condition.wait_for(list, -1) == []
    with threads(1) as pool:
        waiting = pool.submit(wait_for, condition, lambda: next(answers))
        while not waiting.done():
            with condition:
                condition.notify()
        assert waiting.result(LIMIT_S) == "ready"


def wait_for(condition: Any, predicate: Any) -> Any:
    with condition:
        return condition.wait_for(predicate, LIMIT_S)


@EVERYWHERE
def test_wait_for_runs_its_predicate_with_the_lock_held(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with condition:
        assert condition.wait_for(lambda: not free_for_others(condition)) is True


@EVERYWHERE
def test_an_exception_of_the_predicate_is_raised_with_the_lock_held(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with pytest.raises(ZeroDivisionError), condition:
        condition.wait_for(lambda: 1 / 0)
    assert free_for_others(condition)


# Around a lock that is there already


@on(*OUR_LOCKS)  # the standard library's takes the proxy for the lock itself, in the server
@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_condition_around_a_lock_takes_that_lock(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    condition, another = manager.Condition(lock), manager.Condition(lock)
    with condition:
        assert not free_for_others(lock)
        assert not free_for_others(another)
        assert condition.wait(0.01) is False
        assert not free_for_others(lock)
    with lock:
        condition.notify_all()
        assert condition.wait(0) is False
    assert free_for_others(lock)
    with threads(1) as pool:
        (waiting,) = asleep_in(condition, pool, 1)
        with another:
            another.notify()
            condition.notify()
        assert waiting.result(LIMIT_S) is True


@on(*OUR_LOCKS)
def test_a_condition_around_a_lock_cannot_be_acquired_twice(subject: Subject, manager: Any) -> None:
    condition = manager.Condition(manager.Lock())
    with condition:
        assert condition.acquire(False) is False


# Among processes


def wait_in(test: Connection, condition: Any) -> None:
    with condition:
        test.send("has the lock")
        test.send(condition.wait(LIMIT_S))


def notify_all(condition: Any) -> None:
    with condition:
        condition.notify_all()


@SHARED
def test_a_notification_reaches_other_processes(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with Child(subject.context, wait_in, condition) as one, Child(subject.context, wait_in, condition) as two:
        for child in (one, two):
            child.hear()
            with condition:
                pass  # it has given it up, and waits
        with threads(1) as pool:
            (here,) = asleep_in(condition, pool, 1)
            subject.run_in_child(notify_all, condition)
            assert [one.hear(), two.hear(), here.result(LIMIT_S)] == [True] * 3


@SHARED
def test_another_process_does_not_own_it(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    with condition:
        assert subject.run_in_child(outcomes_of_another, condition) == [
            outcome(threading.Condition().notify),
            outcome(threading.Condition().wait),
        ]


def outcomes_of_another(condition: Any) -> list[tuple[Any, ...]]:
    return [outcome(condition.notify), outcome(condition.wait)]
