"""Lock and RLock do what those of `threading` do, by every way to reach them."""

import threading
from typing import Any

import pytest

from tests.conformance.meeting import SHORT_S, all_of, elapsed_s, threads
from tests.conformance.subjects import LIMIT_S, LOCKS, OUR_LOCKS, SHARED_LOCKS, Subject, on, outcome

ARGUMENTS = [
    (),
    (True,),
    (False,),
    (1,),
    (0,),
    (True, -1),
    (True, 0),
    (True, 0.01),
    (True, -2),
    (True, -0.5),
    (False, -1),
    (False, 0),
    (False, 1),
    (False, -2),
    (True, 1e30),
    (True, float("nan")),
    (True, "soon"),
]
FOR_EVER = [(), (True,), (1,), (True, -1)]
KINDS = pytest.mark.parametrize("kind", ["Lock", "RLock"])
EVERYWHERE, SHARED = on(*LOCKS), on(*SHARED_LOCKS)


def acquired(lock: Any, *args: Any) -> bool:
    """Whether it could be acquired, by whoever calls; released again."""
    taken = bool(lock.acquire(*args))
    if taken:
        lock.release()
    return taken


def free_for_others(lock: Any) -> bool:
    with threads(1) as other:
        return bool(other.submit(acquired, lock, False).result(LIMIT_S))


@EVERYWHERE
@KINDS
@pytest.mark.parametrize("args", ARGUMENTS, ids=str)
def test_acquire_of_a_free_one_takes_and_refuses_what_threadings_does(
    subject: Subject, manager: Any, kind: str, args: tuple[Any, ...]
) -> None:
    lock = getattr(manager, kind)()
    expected = outcome(getattr(threading, kind)().acquire, *args)
    assert outcome(lock.acquire, *args) == expected
    assert free_for_others(lock) is (expected[0] == "raises")


@EVERYWHERE
@KINDS
@pytest.mark.parametrize("args", [args for args in ARGUMENTS if args not in FOR_EVER], ids=str)
def test_acquire_of_a_held_one_takes_and_refuses_what_threadings_does(
    subject: Subject, manager: Any, kind: str, args: tuple[Any, ...]
) -> None:
    lock, model = getattr(manager, kind)(), getattr(threading, kind)()
    lock.acquire()
    model.acquire()
    with threads(1) as other:
        found = other.submit(outcome, lock.acquire, *args).result(LIMIT_S)
        assert found == other.submit(outcome, model.acquire, *args).result(LIMIT_S)


@EVERYWHERE
@KINDS
def test_acquire_takes_its_arguments_by_name(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    assert lock.acquire(blocking=True, timeout=1) is True
    with threads(1) as other:
        assert other.submit(lock.acquire, blocking=False).result(LIMIT_S) is False
        assert other.submit(lock.acquire, timeout=0.01).result(LIMIT_S) is False


@EVERYWHERE
@KINDS
def test_releasing_a_free_one_is_the_error_of_threading(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    error = outcome(getattr(threading, kind)().release)
    assert outcome(lock.release) == error
    with lock:
        pass
    assert outcome(lock.release) == error
    assert acquired(lock, False)


@EVERYWHERE
@KINDS
def test_a_timed_acquire_waits_its_time_and_takes_nothing(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with threads(1) as other:
        with lock, elapsed_s(SHORT_S):
            assert other.submit(lock.acquire, True, SHORT_S).result(LIMIT_S) is False
        assert acquired(lock, False)
        assert other.submit(acquired, lock, True, LIMIT_S).result(LIMIT_S) is True


@EVERYWHERE
@KINDS
def test_a_with_block_binds_true_and_releases_whatever_ends_it(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with lock as bound:
        assert bound is True
        assert not free_for_others(lock)
    assert free_for_others(lock)
    with pytest.raises(KeyError), lock:
        raise KeyError
    assert free_for_others(lock)


@EVERYWHERE
@KINDS
def test_whoever_waits_has_it_after_the_release(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    with threads(3) as others:
        with lock:
            waiting = [others.submit(acquired, lock) for _ in range(3)]
        assert all_of(waiting) == [True] * 3


@EVERYWHERE
@KINDS
def test_threads_exclude_each_other(subject: Subject, manager: Any, kind: str) -> None:
    lock, counts = getattr(manager, kind)(), [0, 0]

    def work() -> None:
        for turn in range(50):
            with lock:
                counts[turn % 2] += 1
                seen = counts[0]
                assert lock.acquire(False) is (kind == "RLock")
                if kind == "RLock":
                    lock.release()
                assert counts[0] == seen

    with threads(4) as others:
        all_of([others.submit(work) for _ in range(4)])
    assert counts == [100, 100]


def add_under(lock: Any, total: Any, times: int) -> None:
    for _ in range(times):
        with lock:
            total.value = total.value + 1


@SHARED
@KINDS
def test_processes_exclude_each_other(subject: Subject, manager: Any, kind: str) -> None:
    lock, total = getattr(manager, kind)(), manager.Value("i", 0)
    with threads(3) as others:
        children = [others.submit(subject.run_in_child, add_under, lock, total, 50) for _ in range(3)]
        add_under(lock, total, 50)
        all_of(children)
    assert total.value == 200


@on(*OUR_LOCKS)
def test_a_lock_says_whether_it_is_held(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    assert lock.locked() is False
    with lock:
        assert lock.locked() is True
    assert lock.locked() is False


@on(*OUR_LOCKS[1:])  # threading's has it since Python 3.14
def test_an_rlock_says_whether_it_is_held_to_its_owner_too(subject: Subject, manager: Any) -> None:
    lock = manager.RLock()
    assert lock.locked() is False
    with lock, lock, threads(1) as other:
        assert lock.locked() is True
        assert other.submit(lock.locked).result(LIMIT_S) is True
    assert lock.locked() is False


# Who may release


@EVERYWHERE
def test_any_thread_may_release_a_lock(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    lock.acquire()
    with threads(1) as other:
        other.submit(lock.release).result(LIMIT_S)
    assert acquired(lock, False)


def release(lock: Any) -> None:
    lock.release()


@SHARED
def test_any_process_may_release_a_lock(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    lock.acquire()
    subject.run_in_child(release, lock)
    assert acquired(lock, False)


@EVERYWHERE
def test_a_lock_is_not_for_its_owner_to_take_again(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    lock.acquire()
    assert lock.acquire(False) is False
    assert lock.acquire(True, 0.01) is False


@EVERYWHERE
def test_only_its_thread_may_release_an_rlock(subject: Subject, manager: Any) -> None:
    lock = manager.RLock()
    lock.acquire()
    with threads(1) as other:
        assert other.submit(outcome, lock.release).result(LIMIT_S) == outcome(threading.RLock().release)
    assert not free_for_others(lock)
    lock.release()
    assert free_for_others(lock)


def take_again_and_again(lock: Any, begun: Any, stop: Any) -> None:
    while not stop.is_set():
        with lock:
            begun.set()


@on(*OUR_LOCKS[1:])  # threading promises nothing
@KINDS
def test_who_waits_gets_a_lock_that_others_take_again_and_again(subject: Subject, manager: Any, kind: str) -> None:
    lock, begun, stop = getattr(manager, kind)(), [manager.Event(), manager.Event()], manager.Event()
    with threads(2) as others:
        children = [others.submit(subject.run_in_child, take_again_and_again, lock, event, stop) for event in begun]
        try:
            assert all(event.wait(LIMIT_S) for event in begun)
            for _ in range(50):
                assert lock.acquire(timeout=LIMIT_S)
                lock.release()
        finally:
            stop.set()
        all_of(children)


@SHARED
def test_only_its_process_may_release_an_rlock(subject: Subject, manager: Any) -> None:
    lock = manager.RLock()
    with lock:
        assert subject.run_in_child(outcome_of_release, lock) == outcome(threading.RLock().release)
        assert subject.run_in_child(acquired, lock, False) is False
    assert subject.run_in_child(acquired, lock, False) is True


def outcome_of_release(lock: Any) -> tuple[Any, ...]:
    return outcome(lock.release)


@EVERYWHERE
def test_an_rlock_is_free_when_it_was_released_as_often_as_acquired(subject: Subject, manager: Any) -> None:
    lock = manager.RLock()
    for _ in range(5):
        assert lock.acquire() is True
    for _ in range(5):
        assert not free_for_others(lock)
        lock.release()
    assert free_for_others(lock)
    assert outcome(lock.release) == outcome(threading.RLock().release)


@SHARED
def test_threads_of_another_process_own_an_rlock_each_for_itself(subject: Subject, manager: Any) -> None:
    assert subject.run_in_child(one_thread_has_it, manager.RLock()) == (False, outcome(threading.RLock().release))


def one_thread_has_it(lock: Any) -> tuple[bool, tuple[Any, ...]]:
    with threads(1) as other, lock:
        return other.submit(lock.acquire, False).result(LIMIT_S), other.submit(outcome, lock.release).result(LIMIT_S)
