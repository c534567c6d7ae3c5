"""What is peculiar to each kind of queue in the arena."""

import bisect
from collections.abc import Callable
from typing import Any, Self

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


class Disturbed(int):
    """An item that has something happen to its queue at each comparison, a few times."""

    comparisons = 0

    def disturb(self, *happenings: Callable[[], Any]) -> Self:
        self.happenings = list(happenings)
        return self

    def __lt__(self, other: int) -> bool:
        self.comparisons += 1
        if self.happenings:
            self.happenings.pop(0)()
        return int(self) < int(other)

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return int, (int(self),)


def test_a_priority_queue_that_others_change_meanwhile_finds_the_place_by_few_comparisons(
    arena: _native.Arena,
) -> None:
    jobs = PriorityQueue.create(arena)
    jobs.put_many(range(1000))
    happenings = [lambda: jobs.put(2000)] * 10 + [jobs.get] * 4
    item = Disturbed(700).disturb(*happenings)
    jobs.put(item)
    assert jobs.get_many(2000) == sorted([*range(4, 1000), 700, *[2000] * 10])
    assert item.comparisons <= 10 + 20


@pytest.mark.parametrize("near", [0, 1, 5, 49, 50, 51, 98, 100, 200])
def test_the_place_of_an_item_is_the_same_wherever_the_search_begins(arena: _native.Arena, near: int) -> None:
    jobs = PriorityQueue.create(arena)
    assert jobs._place_near(1, near) == 0
    numbers = sorted([*range(0, 100, 2)] * 2)
    jobs.put_many(numbers)
    for item in range(-1, 101):
        assert jobs._place_near(item, near) == bisect.bisect_right(numbers, item)


def test_an_item_put_back_is_the_next_to_be_taken() -> None:
    arena = make_arena()
    for kind in (Queue, LifoQueue, PriorityQueue, SimpleQueue):
        jobs: Any = kind.create(arena)
        jobs.put_many([1, 2, 3])
        first = jobs.get()
        jobs._put_back(first)
        assert (jobs.get(), jobs._counts()) == (first, (2, 3, False))
