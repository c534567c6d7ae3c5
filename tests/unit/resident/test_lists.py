"""What is special about the arena's list: being stored into itself, users' comparisons, changes in one step."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from manor import _native
from manor._resident.lists import List
from manor._resident.missing import MISSING
from tests.unit.resident.arenas import in_children, list_of

IADD: Any = operator.iadd
SETITEM: Any = operator.setitem


@pytest.fixture
def numbers(arena: _native.Arena) -> List:
    return list_of(arena, [1, 2, 3, 4])


def test_a_list_can_be_added_to_and_stored_into_itself(numbers: List) -> None:
    model = [1, 2, 3, 4]
    changes: list[Callable[[Any], Any]] = [
        lambda x: x.extend(x),
        lambda x: SETITEM(x, slice(1, 2), x),
        lambda x: SETITEM(x, slice(None), x),
        lambda x: SETITEM(x, slice(None, None, -1), x),
        lambda x: IADD(x, x),
        lambda x: SETITEM(x, slice(3, 3), reversed(x)),
        lambda x: SETITEM(x, slice(0, 0), (item for item in x)),
        lambda x: IADD(x, iter(x)) if isinstance(x, List) else x.extend(x.copy()),
    ]
    for change in changes:
        change(model)
        change(numbers)
        assert numbers.copy() == model


def test_lists_of_the_arena_are_added_to_each_other(arena: _native.Arena, numbers: List) -> None:
    other = list_of(arena, ["a"])
    assert numbers + other == [1, 2, 3, 4, "a"]
    assert numbers + numbers == [1, 2, 3, 4] * 2
    numbers[1:] = other
    numbers += other
    assert numbers.copy() == [1, "a", "a"]


def test_an_iterator_is_consumed_once_and_its_error_is_its_own(numbers: List) -> None:
    def broken() -> Iterator[int]:
        yield 5
        raise TypeError("broken")

    for change in (lambda: numbers.extend(broken()), lambda: SETITEM(numbers, slice(0, 1), broken())):
        with pytest.raises(TypeError, match="broken"):
            change()
    assert numbers.copy() == [1, 2, 3, 4]


def test_sorting_is_stable_either_way(arena: _native.Arena) -> None:
    pairs = [(number % 3, number) for number in range(300)]
    face = list_of(arena, pairs)
    for reverse in (False, True, True, False):
        face.sort(key=operator.itemgetter(0), reverse=reverse)
        pairs.sort(key=operator.itemgetter(0), reverse=reverse)
        assert face.copy() == pairs


# Comparisons and functions that do what they should not


class Meddler:
    """Changes the list whenever it is compared, at most so often."""

    def __init__(self, face: List, times: float) -> None:
        self.face, self.times = face, times

    def __eq__(self, other: object) -> bool:
        if self.times > 0:
            self.times -= 1
            self.face.append("meddled")
        return other == "x"

    __hash__ = None  # type: ignore[assignment]


def test_what_was_changed_meanwhile_is_looked_at_again(arena: _native.Arena) -> None:
    face = list_of(arena, ["a", "x", "b"])
    face.remove(Meddler(face, 10))
    assert face.copy() == ["a", "b", *["meddled"] * 10]
    assert Meddler(face, 1) not in face
    assert face.count(Meddler(face, 1)) == 0

    def key(item: str) -> str:
        if len(face) < 24:
            face.append("key")
        return item

    face.sort(key=key, reverse=True)
    assert face.copy() == sorted(face, reverse=True)
    assert len(face) == 24


def test_a_comparison_that_changes_the_list_each_time_is_an_error(arena: _native.Arena) -> None:
    face = list_of(arena, ["x"])
    with pytest.raises(RuntimeError, match="comparisons"):
        face.remove(Meddler(face, float("inf")))

    def key(item: str) -> int:
        face[-1] = face[-1] + "x"
        return 1

    with pytest.raises(ValueError, match="list modified during sort"):
        face.sort(key=key)
    with pytest.raises(RuntimeError, match="the function itself"):
        face.update_with(0, lambda value: face.insert(0, value + "x"))
    assert set("".join(face)) == set("meddledx")


class Broken:
    def __eq__(self, other: object) -> bool:
        raise ValueError("cannot be compared")

    __hash__ = None  # type: ignore[assignment]


def test_an_error_of_a_comparison_is_its_own(numbers: List) -> None:
    for name in ("remove", "index", "count", "__contains__"):
        with pytest.raises(ValueError, match="cannot be compared"):
            getattr(numbers, name)(Broken())
    with pytest.raises(ValueError, match="cannot be compared"):
        numbers.compare_and_set(0, Broken(), 1)
    with pytest.raises(ZeroDivisionError):
        numbers.sort(key=lambda item: item / 0)
    assert numbers.copy() == [1, 2, 3, 4]


# In one step


@pytest.mark.parametrize(
    ("item", "amount", "total"), [(1, 2, 3), (2**63 - 1, 1, 2**63), (1, 0.5, 1.5), (True, 1, 2), ("a", "b", "ab")]
)
def test_add_adds_whatever_can_be_added(numbers: List, item: Any, amount: Any, total: Any) -> None:
    numbers[-1] = item
    assert numbers.add(-1, amount) == total == numbers[3]


def test_add_and_the_like_need_an_item(numbers: List) -> None:
    assert (numbers.add(0), numbers.add(-4)) == (2, 3)
    for index in (4, -5):
        for use in (
            numbers.add,
            lambda index: numbers.add(index, 0.5),
            lambda index: numbers.update_with(index, str),
            lambda index: numbers.compare_and_set(index, 1, 1),
        ):
            with pytest.raises(IndexError, match="list index out of range"):
                use(index)
    with pytest.raises(TypeError):
        numbers.add("a")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        numbers.add(0, "text")
    assert numbers.copy() == [3, 2, 3, 4]


def test_update_with_runs_again_when_another_item_is_there(numbers: List) -> None:
    seen = []

    def double(item: int) -> int:
        seen.append(item)
        if len(seen) < 3:
            del numbers[0]
        return item * 2

    assert numbers.update_with(0, double) == 6
    assert (seen, numbers.copy()) == ([1, 2, 3], [6, 4])


def test_compare_and_set_compares_by_value(numbers: List) -> None:
    assert numbers.compare_and_set(0, 1.0, [1])
    assert not numbers.compare_and_set(0, 1, 2)
    assert not numbers.compare_and_set(1, MISSING, 2)
    assert numbers.compare_and_set(-4, [1], None)
    assert numbers.copy() == [None, 2, 3, 4]


def test_what_two_processes_do_at_once_is_all_there(arena: _native.Arena) -> None:
    face = list_of(arena, [0, 0.0, ""])

    def work() -> None:
        for turn in range(1000):
            face.add(0)
            face.add(1, 0.5)
            face.update_with(2, lambda text: text + "x")
            face.append(turn)

    in_children(arena, work, 2)
    assert (face[0], face[1], face[2], len(face)) == (2000, 1000.0, "x" * 2000, 2003)


def test_each_item_is_removed_by_one_process_while_others_sort_and_reverse(arena: _native.Arena) -> None:
    face, removed = list_of(arena, [number % 10 for number in range(300)]), list_of(arena, [0])

    def work() -> None:
        for turn in range(300):
            try:
                face.remove(turn % 10)
            except ValueError:
                continue
            removed.add(0)
            face.sort(reverse=bool(turn % 2)) if turn % 3 else face.reverse()

    in_children(arena, work, 2)
    assert (face.copy(), removed[0]) == ([], 300)


def test_a_loop_sees_what_its_body_appends(numbers: List) -> None:
    seen = []
    for number in numbers:
        seen.append(number)
        if number < 500:
            numbers.append(number + 1)
        if len(seen) > 3000:
            break
    assert seen[:8] == [1, 2, 3, 4, 2, 3, 4, 5]
    assert len(seen) == 4 * 500 - 3 - 2 - 1
