"""What works on a whole list ends, also while another process writes to it without a pause."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.subjects import MANOR_FORK, until
from tests.faults.arena.victims import FORK, Tally, Victim, surviving

ITEMS = 20_000


@pytest.fixture
def manager() -> Iterator[Any]:
    with MANOR_FORK.manager() as started:
        yield started


def write(tally: Tally, numbers: Any) -> None:
    numbers.append(-1)
    numbers.pop()


def set_slice(numbers: Any) -> None:
    numbers[5:ITEMS] = range(ITEMS)


def set_every_second(numbers: Any) -> None:
    numbers[: ITEMS // 2 : 2] = [7] * (ITEMS // 4)


WHOLE: dict[str, Callable[[Any], object]] = {
    "sort": lambda numbers: numbers.sort(),
    "sort by a function": lambda numbers: numbers.sort(key=operator.neg),
    "reverse": lambda numbers: numbers.reverse(),
    "remove": lambda numbers: numbers.remove(ITEMS // 2),
    "copy": lambda numbers: numbers.copy(),
    "slice": lambda numbers: numbers[:ITEMS:3],
    "set a slice": set_slice,
    "set every second": set_every_second,
    "multiply": lambda numbers: numbers.__imul__(1),
}


@pytest.mark.parametrize("what", WHOLE)
def test_what_works_on_a_whole_list_ends_while_another_process_writes(manager: Any, what: str) -> None:
    numbers = manager.list(range(ITEMS))
    with surviving(write, numbers):
        for _ in range(3):
            WHOLE[what](numbers)
            if what == "remove":
                numbers.insert(0, ITEMS // 2)
    assert len(numbers) >= ITEMS


def test_a_deque_turns_while_another_process_writes(manager: Any) -> None:
    numbers = manager.deque(range(ITEMS))
    with surviving(write, numbers):
        for _ in range(3):
            numbers.rotate(5)
            numbers.extendleft([1, 2])
    assert len(numbers) >= ITEMS + 6


def sort_slowly(tally: Tally, numbers: Any) -> None:
    def key(number: int) -> int:
        tally[0] += 1
        if tally[1]:
            tally[2] = 1
            FORK.Event().wait()  # for ever
        return number

    while True:
        numbers.sort(key=key)


def test_who_is_killed_while_it_keeps_others_out_does_not_keep_them_waiting(manager: Any) -> None:
    numbers = manager.list(range(200))
    for _ in range(5):
        with surviving(write, numbers), Victim(sort_slowly, numbers) as victim:
            until(lambda victim=victim: victim.tally[0] > 2_000)  # type: ignore[misc]
            victim.tally[1] = 1
            until(lambda victim=victim: victim.tally[2] == 1)  # type: ignore[misc]
            victim.kill()
            numbers.append(1)
            numbers.pop()
    numbers.sort()
    assert sorted(numbers) == list(numbers)
