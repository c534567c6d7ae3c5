"""Queues in the arena: what waits, what ends a wait, and what becomes of the items."""

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from manor import _native
from manor._resident.lists import List
from manor._resident.queues import LifoQueue, PriorityQueue, Queue
from manor.errors import ShutDown
from tests.conformance.subjects import LIMIT_S, until
from tests.unit.resident.arenas import in_children

GETTERS, PUTTERS, JOINERS = range(3)
KINDS = pytest.mark.parametrize("kind", [Queue, LifoQueue, PriorityQueue])


@pytest.fixture
def others() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def waiting(jobs: Queue, line: int, count: int = 1) -> None:
    """Return when so many threads wait."""
    until(lambda: len(jobs._waiters()[line]) == count)


def result(future: Future[Any]) -> Any:
    return future.result(LIMIT_S)


@KINDS
def test_get_waits_for_an_item(arena: _native.Arena, others: ThreadPoolExecutor, kind: type[Queue]) -> None:
    jobs = kind.create(arena)
    getter = others.submit(jobs.get)
    waiting(jobs, GETTERS)
    jobs.put(7)
    assert result(getter) == 7
    waiting(jobs, GETTERS, 0)


@KINDS
def test_put_waits_for_room(arena: _native.Arena, others: ThreadPoolExecutor, kind: type[Queue]) -> None:
    jobs = kind.create(arena, 1)
    jobs.put(1)
    putter = others.submit(jobs.put, 2)
    waiting(jobs, PUTTERS)
    assert jobs.get() == 1
    result(putter)
    assert jobs.get() == 2


def test_items_go_to_those_who_wait_in_the_order_of_their_coming(
    arena: _native.Arena, others: ThreadPoolExecutor
) -> None:
    jobs = Queue.create(arena)
    getters = []
    for number in range(5):
        getters.append(others.submit(jobs.get))
        waiting(jobs, GETTERS, number + 1)
    for number in range(5):
        jobs.put(number)
        waiting(jobs, GETTERS, 4 - number)
    assert [result(getter) for getter in getters] == [0, 1, 2, 3, 4]


def test_join_waits_until_every_item_is_done(arena: _native.Arena, others: ThreadPoolExecutor) -> None:
    jobs = Queue.create(arena)
    jobs.join()
    jobs.put_many([1, 2])
    joiners = [others.submit(jobs.join) for _ in range(3)]
    waiting(jobs, JOINERS, 3)
    for _ in range(2):
        assert not any(joiner.done() for joiner in joiners)
        jobs.get()
        jobs.task_done()
    for joiner in joiners:
        result(joiner)


@KINDS
def test_a_wait_ends_with_its_time(arena: _native.Arena, kind: type[Queue]) -> None:
    jobs = kind.create(arena, 1)
    with pytest.raises(queue.Empty):
        jobs.get(timeout=0.01)
    with pytest.raises(queue.Empty):
        jobs.get_many(5, timeout=0.01)
    jobs.put(1)
    with pytest.raises(queue.Full):
        jobs.put(2, timeout=0.01)
    with pytest.raises(queue.Full) as caught:
        jobs.put_many([2, 3], timeout=0.01)
    assert caught.value.items_put == 0  # type: ignore[attr-defined]
    assert jobs._waiters() == ([], [], [])
    assert jobs.get_many(5) == [1]


@KINDS
def test_shutting_down_ends_every_wait(arena: _native.Arena, others: ThreadPoolExecutor, kind: type[Queue]) -> None:
    jobs, full = kind.create(arena), kind.create(arena, 1)
    full.put(1)
    getters = [others.submit(jobs.get), others.submit(jobs.get_many, 3)]
    putters = [others.submit(full.put, 2), others.submit(full.put_many, [2, 3])]
    waiting(jobs, GETTERS, 2)
    waiting(full, PUTTERS, 2)
    jobs.shutdown()
    full.shutdown()
    for future in (*getters, *putters):
        assert isinstance(future.exception(LIMIT_S), ShutDown)
    assert full.get() == 1
    with pytest.raises(ShutDown):
        full.get()


def test_shutting_down_at_once_ends_a_join(arena: _native.Arena, others: ThreadPoolExecutor) -> None:
    jobs = Queue.create(arena)
    jobs.put_many(range(100))
    joiner = others.submit(jobs.join)
    waiting(jobs, JOINERS)
    jobs.shutdown(immediate=True)
    result(joiner)
    assert jobs._counts() == (0, 0, True)


def test_many_items_are_put_as_room_comes_and_taken_as_they_are(
    arena: _native.Arena, others: ThreadPoolExecutor
) -> None:
    jobs, items = Queue.create(arena, 3), [*range(500), *map(str, range(500)), *([number] for number in range(50))]
    putter = others.submit(jobs.put_many, items)
    found: list[Any] = []
    while len(found) < len(items):
        some = jobs.get_many(200)
        assert 1 <= len(some) <= 3
        found += some
    result(putter)
    assert found == items


def test_an_exception_of_put_many_says_how_many_are_in(arena: _native.Arena) -> None:
    jobs = Queue.create(arena, 3)
    with pytest.raises(queue.Full) as caught:
        jobs.put_many(range(10), block=False)
    assert caught.value.items_put == 3  # type: ignore[attr-defined]
    assert jobs.get_many(10) == [0, 1, 2]


@pytest.mark.parametrize("value", [None, True, 7, 2**80, 1.5, 1e300, "text" * 99, b"bytes" * 9999, [1, {"a": (2,)}]])
def test_an_item_is_got_as_it_was_put(arena: _native.Arena, value: Any) -> None:
    jobs = Queue.create(arena)
    jobs.put(value)
    jobs.put_many([value, value])
    assert [jobs.get(), *jobs.get_many(9)] == [value] * 3


def test_an_object_in_a_queue_lives_until_it_is_taken_and_let_go(arena: _native.Arena) -> None:
    jobs = Queue.create(arena)

    def count() -> int:
        return len(arena.objects())

    before = count()
    jobs.put(List(arena))
    assert count() == before + 1
    jobs.get()
    assert count() == before


def test_dropping_a_queue_frees_its_items(arena: _native.Arena) -> None:
    Queue.create(arena).put_many(["x" * 100] * 300)  # leaves slabs
    before = arena.stats()["bytes_used"]
    jobs = Queue.create(arena)
    jobs.put_many(["x" * 100] * 300)
    jobs.put(jobs)
    jobs.shutdown(immediate=True)
    del jobs
    assert arena.stats()["bytes_used"] == before


# Interruptions


class Interruption(Exception):
    pass


def interrupted(line: int, jobs: Queue, action: Callable[[], object]) -> None:
    """Have a signal handler raise while this thread waits in an action."""

    def handler(*_: object) -> None:
        raise Interruption

    def interrupt() -> None:
        waiting(jobs, line)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    helper = threading.Thread(target=interrupt)
    helper.start()
    try:
        with pytest.raises(Interruption):
            action()
    finally:
        helper.join()
        signal.signal(signal.SIGUSR1, before)


@KINDS
def test_a_wait_that_is_interrupted_takes_nothing_and_puts_nothing(arena: _native.Arena, kind: type[Queue]) -> None:
    jobs = kind.create(arena, 1)
    interrupted(GETTERS, jobs, jobs.get)
    interrupted(GETTERS, jobs, lambda: jobs.get_many(5))
    jobs.put(1)
    interrupted(PUTTERS, jobs, lambda: jobs.put(2))
    interrupted(PUTTERS, jobs, lambda: jobs.put_many([2]))
    interrupted(JOINERS, jobs, jobs.join)
    assert (jobs._waiters(), jobs._counts()) == (([], [], []), (1, 1, False))


def test_what_one_was_told_of_who_gave_up_goes_to_the_next(arena: _native.Arena, others: ThreadPoolExecutor) -> None:
    jobs = Queue.create(arena)
    for _ in range(50):
        hasty = [others.submit(_get_or_none, jobs, 0.0005) for _ in range(3)]
        patient = others.submit(jobs.get)
        jobs.put(1)
        found = [result(getter) for getter in hasty]
        if 1 in found:
            jobs.put(1)
        assert result(patient) == 1


def _get_or_none(jobs: Queue, timeout: float) -> Any:
    try:
        return jobs.get(timeout=timeout)
    except queue.Empty:
        return None


def test_a_wait_ends_with_the_arena(arena: _native.Arena, others: ThreadPoolExecutor) -> None:
    jobs = Queue.create(arena)
    getter = others.submit(jobs.get)
    waiting(jobs, GETTERS)
    arena.end()
    assert isinstance(getter.exception(LIMIT_S), ConnectionError)


# Other processes


def test_processes_share_a_queue(arena: _native.Arena) -> None:
    jobs, results = Queue.create(arena, 10), Queue.create(arena)

    def work() -> None:
        while True:
            number = jobs.get()
            if number is None:
                return
            results.put(number * number)

    putter = threading.Thread(target=jobs.put_many, args=([*range(1000), None, None, None],))
    putter.start()
    in_children(arena, work, 3)
    putter.join()
    assert sorted(results.get_many(2000)) == [number * number for number in range(1000)]


@pytest.mark.parametrize("block", [0, None, "", False, []])
def test_what_is_false_does_not_block(arena: _native.Arena, block: Any) -> None:
    jobs = Queue.create(arena, 1)
    with pytest.raises(queue.Empty):
        jobs.get(block)
    jobs.put(1, block)
    with pytest.raises(queue.Full):
        jobs.put(1, block)
