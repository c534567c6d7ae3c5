"""`put_many` of what may be without end: its items are put as they come, and none is lost without a word."""

import itertools
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from manor import ShutDown
from tests.conformance.meeting import threads
from tests.conformance.subjects import CONTAINERS, LIMIT_S, Subject, on

EVERYWHERE = on(*CONTAINERS)
SLOW_S = 0.002  # what comes in a millisecond may be sent together
KINDS = pytest.mark.parametrize("kind", ["Queue", "JoinableQueue", "LifoQueue", "PriorityQueue"])


@EVERYWHERE
@KINDS
def test_an_endless_iterator_fills_a_queue_and_nothing_is_lost(subject: Subject, manager: Any, kind: str) -> None:
    jobs, numbers = getattr(manager, kind)(10), itertools.count()
    with pytest.raises(queue.Full) as caught:
        jobs.put_many(numbers, timeout=0.01)
    there = jobs.get_many(100)
    assert len(there) == caught.value.items_put == 10  # type: ignore[attr-defined]
    left = caught.value.items_left  # type: ignore[attr-defined]
    assert sorted(there) + left + [next(numbers)] == list(range(11 + len(left)))


@EVERYWHERE
@KINDS
def test_what_comes_slowly_is_put_before_the_next_is_asked_for(subject: Subject, manager: Any, kind: str) -> None:
    jobs, asked = getattr(manager, kind)(), threading.Semaphore(0)

    def slowly() -> Iterator[int]:
        for number in range(3):
            assert asked.acquire(timeout=LIMIT_S)
            threading.Event().wait(SLOW_S)
            yield number

    with threads(1) as pool:
        future = pool.submit(jobs.put_many, slowly())
        for number in range(3):
            asked.release()
            assert jobs.get(timeout=LIMIT_S) == number
        future.result(LIMIT_S)


@EVERYWHERE
@KINDS
def test_what_an_iterator_gave_before_it_raised_is_in(subject: Subject, manager: Any, kind: str) -> None:
    jobs = getattr(manager, kind)()
    with pytest.raises(ZeroDivisionError) as caught:
        jobs.put_many(12 // (3 - number) for number in itertools.count())
    assert (caught.value.items_put, caught.value.items_left) == (3, [])  # type: ignore[attr-defined]
    assert sorted(jobs.get_many(10)) == [4, 6, 12]


@EVERYWHERE
def test_many_items_of_an_iterator_keep_their_order(subject: Subject, manager: Any) -> None:
    jobs = manager.Queue()
    jobs.put_many(iter(range(2000)))
    found: list[int] = []
    while len(found) < 2000:
        found += jobs.get_many(2000)
    assert found == list(range(2000))


@EVERYWHERE
def test_an_item_that_is_refused_comes_back_with_the_exception(subject: Subject, manager: Any) -> None:
    jobs = manager.Queue()
    jobs.shutdown()
    with pytest.raises(ShutDown) as caught:
        jobs.put_many(iter([1]), block=False)
    assert (caught.value.items_put, caught.value.items_left) == (0, [1])  # type: ignore[attr-defined]
