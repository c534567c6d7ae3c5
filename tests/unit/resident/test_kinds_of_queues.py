"""What is peculiar to each kind of queue in the arena."""

from typing import Any

import pytest

from manor import _native
from manor._resident.queues import LifoQueue, PriorityQueue, Queue, SimpleQueue
from tests.unit.resident.arenas import in_children, make_arena


def test_a_priority_queue_gives_equal_items_in_the_order_in_which_they_were_put(arena: _native.Arena) -> None:
    jobs = PriorityQueue.create(arena)
    jobs.put_many([2.0, 1, 2, 1.0, True])
    assert list(map(repr, jobs.get_many(9))) == ["1", "1.0", "True", "2.0", "2"]


def test_a_priority_queue_keeps_what_it_has_if_an_item_cannot_be_compared(arena: _native.Arena) -> None:
    jobs = PriorityQueue.create(arena)
    jobs.put(1)
    with pytest.raises(TypeError):
        jobs.put("a")
    assert jobs.get_many(9) == [1]


def test_a_priority_queue_is_in_order_whoever_puts(arena: _native.Arena) -> None:
    jobs = PriorityQueue.create(arena)

    def work() -> None:
        for number in range(100):
            jobs.put(number * 37 % 101)

    in_children(arena, work, 3)
    assert jobs.get_many(1000) == sorted([number * 37 % 101 for number in range(100)] * 3)


def test_an_item_put_back_is_the_next_to_be_taken() -> None:
    arena = make_arena()
    for kind in (Queue, LifoQueue, PriorityQueue, SimpleQueue):
        jobs: Any = kind.create(arena)
        jobs.put_many([1, 2, 3])
        first = jobs.get()
        jobs._put_back(first)
        assert (jobs.get(), jobs._counts()) == (first, (2, 3, False))
