"""Taking the next items of an iterator."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from manor._wire.items import take_items

LONG_S = 60.0


def numbers(count: int) -> Generator[int, None, str]:
    yield from range(count)
    return "the end"


def failing() -> Iterator[int]:
    yield 1
    yield 2
    raise OSError("no more")


def test_items_are_taken_up_to_a_number_and_the_end_is_told_with_what_was_returned() -> None:
    items: list[Any] = ["before"]
    iterator = numbers(5)
    assert take_items(iterator, items, 3, LONG_S) is None
    assert items == ["before", 0, 1, 2]
    assert take_items(iterator, items, 2, LONG_S) is None
    assert take_items(iterator, items, 2, LONG_S) == ("the end",)
    assert items == ["before", 0, 1, 2, 3, 4]
    assert take_items(iterator, items, 2, LONG_S) == (None,)


@pytest.mark.parametrize("iterator", [iter([1, 2]), iter(range(1, 3)), map(int, "12"), iter({1: 0, 2: 0})])
def test_any_iterator_will_do(iterator: Iterator[int]) -> None:
    items: list[Any] = []
    assert take_items(iterator, items, 9, LONG_S) == (None,)
    assert items == [1, 2]


def test_one_item_at_least_is_taken_when_the_time_is_over() -> None:
    iterator = numbers(5)
    for count in range(1, 4):
        items: list[Any] = []
        assert take_items(iterator, items, 9, 0.0) is None
        assert items == [count - 1]
    assert take_items(iterator, [], 0, LONG_S) is None
    assert next(iterator) == 3


def test_what_came_before_an_exception_is_kept() -> None:
    items: list[Any] = []
    with pytest.raises(OSError, match="no more"):
        take_items(failing(), items, 9, LONG_S)
    assert items == [1, 2]


def test_what_is_no_iterator_is_refused() -> None:
    for other in ([1], 1, None):
        with pytest.raises(TypeError, match="not an iterator"):
            take_items(other, [], 1, LONG_S)  # type: ignore[arg-type]
