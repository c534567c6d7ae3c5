"""Arguments of queues and locks that the standard library takes, though nobody would call them right."""

import queue
from typing import Any

import pytest

from tests.conformance.meeting import asleep_in, threads
from tests.conformance.subjects import CHEAP, CONTAINERS, LIMIT_S, OUR_LOCKS, Subject, on

INF = float("inf")
KINDS = pytest.mark.parametrize("kind", ["Queue", "JoinableQueue"])
OUR_KINDS = pytest.mark.parametrize("kind", ["Queue", "LifoQueue", "PriorityQueue"])


@on(*CHEAP)
@KINDS
@pytest.mark.parametrize(("maxsize", "room"), [(2.0, 2), (1.5, 2), (0.0, None), (-1.5, None), (INF, None)])
def test_a_maxsize_that_is_no_int(subject: Subject, manager: Any, kind: str, maxsize: float, room: int | None) -> None:
    jobs = getattr(manager, kind)(maxsize)
    for number in range(room or 20):
        assert not jobs.full()
        jobs.put_nowait(number)
    if room is not None:
        assert jobs.full()
        with pytest.raises(queue.Full):
            jobs.put_nowait("too much")


@on(*CONTAINERS)
@OUR_KINDS
def test_a_timeout_without_end_is_an_error_for_those_only_who_wait(subject: Subject, manager: Any, kind: str) -> None:
    jobs = getattr(manager, kind)(1)
    jobs.put(1, timeout=INF)
    with pytest.raises(OverflowError):
        jobs.put(2, timeout=INF)
    assert jobs.get(timeout=INF) == 1
    with pytest.raises(OverflowError):
        jobs.get(timeout=INF)
    jobs.put_many([1], timeout=INF)
    assert jobs.get_many(2, timeout=INF) == [1]


@on(*OUR_LOCKS)
@pytest.mark.parametrize(("n", "woken"), [(1.0, 1), (1.5, 2), (INF, 3), (0.0, 0), (-1.0, 0), (2**70, 3)])
def test_a_number_to_notify_that_is_no_int(subject: Subject, manager: Any, n: float, woken: int) -> None:
    condition = manager.Condition()
    with threads(3) as pool:
        waits = asleep_in(condition, pool, 3)
        with condition:
            condition.notify(n)
        for wait in waits[:woken]:
            assert wait.result(LIMIT_S)
        with condition:
            assert not any(wait.done() for wait in waits[woken:])
            condition.notify_all()
        assert all(wait.result(LIMIT_S) for wait in waits)


@on(*OUR_LOCKS)
@pytest.mark.parametrize("kind", ["Semaphore", "BoundedSemaphore"])
def test_permits_released_by_keyword(subject: Subject, manager: Any, kind: str) -> None:
    permits = getattr(manager, kind)(3)
    for _ in range(3):
        permits.acquire()
    permits.release(n=2)
    assert [permits.acquire(False) for _ in range(3)] == [True, True, False]


@on(*OUR_LOCKS)
@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_lock_is_released_once_at_a_time(subject: Subject, manager: Any, kind: str) -> None:
    lock = getattr(manager, kind)()
    lock.acquire()
    for args, named in (((1,), {}), ((), {"n": 1})):
        with pytest.raises(TypeError):
            lock.release(*args, **named)
    lock.release()


@on(*CONTAINERS)
def test_a_simple_queue_has_no_more_methods_than_that_of_the_standard_library_but_two(
    subject: Subject, manager: Any
) -> None:
    jobs = manager.SimpleQueue()
    for name in ("full", "join", "maxsize", "shutdown", "task_done"):
        assert hasattr(manager.Queue(), name)
        assert not hasattr(jobs, name)
        assert not hasattr(queue.SimpleQueue(), name)
    jobs.put_many([1, 2])
    assert (jobs.get_many(2), jobs.qsize(), str(jobs)[:1]) == ([1, 2], 0, "<")
