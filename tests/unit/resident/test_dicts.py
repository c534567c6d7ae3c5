"""What is special about the arena's dict: changes in one step, among processes."""

from collections.abc import Iterator
from typing import Any

import pytest

from manor import _native
from manor._resident.dicts import Dict
from manor._resident.missing import MISSING
from tests.unit.resident.arenas import in_children


@pytest.fixture
def words(arena: _native.Arena) -> Dict:
    return Dict(arena)


def test_dicts_of_the_arena_are_joined_with_each_other(arena: _native.Arena) -> None:
    one, other = Dict(arena), Dict(arena)
    one["a"], other["b"] = 1, 2
    assert one | other == {"a": 1, "b": 2}
    assert one | one == {"a": 1}
    one |= other
    one.update(one)
    assert one.items() == [("a", 1), ("b", 2)]


def test_a_dict_cannot_change_its_size_while_iterated_over(words: Dict) -> None:
    words.update(a=1, b=2)
    for way in (iter, reversed):
        walk: Iterator[Any] = way(words)
        next(walk)
        words["new"] = 1
        with pytest.raises(RuntimeError, match="dictionary changed size during iteration"):
            next(walk)
        del words["new"]


# In one step


@pytest.mark.parametrize(
    ("value", "amount", "total"),
    [
        (1, 2, 3),
        (2**63 - 1, 1, 2**63),
        (1, 0.5, 1.5),
        (0.5, 1, 1.5),
        (True, 1, 2),
        ("a", "b", "ab"),
        (2**80, 1, 2**80 + 1),
    ],
)
def test_add_adds_whatever_can_be_added(words: Dict, value: Any, amount: Any, total: Any) -> None:
    words["n"] = value
    assert words.add("n", amount) == total == words["n"]


def test_add_begins_with_the_default(words: Dict) -> None:
    assert (words.add("a"), words.add("a"), words.add("b", default=10), words.add("c", amount=0.5)) == (1, 2, 11, 0.5)
    assert words.add(("t", 1.0), 3, 4) == 7
    assert words.items() == [("a", 2), ("b", 11), ("c", 0.5), (("t", 1.0), 7)]


def test_what_cannot_be_added_is_an_error_and_changes_nothing(words: Dict) -> None:
    words["a"] = "text"
    with pytest.raises(TypeError, match="concatenate"):
        words.add("a")
    with pytest.raises(TypeError, match="unhashable"):
        words.add([])
    assert words.items() == [("a", "text")]


def test_update_with_computes_the_new_value(words: Dict) -> None:
    words["a"] = [1]
    assert words.update_with("a", lambda value: [*value, 2]) == [1, 2] == words["a"]
    assert words.update_with("b", lambda value: value + 1, default=0) == 1
    with pytest.raises(KeyError) as caught:
        words.update_with(("c", 1), lambda value: value)
    assert caught.value.args == (("c", 1),)
    with pytest.raises(ZeroDivisionError):
        words.update_with("b", lambda value: value / 0)
    assert words["b"] == 1


def test_update_with_runs_again_when_the_value_was_changed_meanwhile(words: Dict) -> None:
    words["a"] = 1
    seen = []

    def double(value: int) -> int:
        seen.append(value)
        if len(seen) < 10:
            words["a"] = value + 1
        return value * 2

    assert words.update_with("a", double) == 20
    assert seen == list(range(1, 11))


def test_update_with_creates_a_key_that_was_removed_meanwhile(words: Dict) -> None:
    words["a"] = 1
    removing = iter([True])

    def take(value: int) -> int:
        if next(removing, False):
            del words["a"]
        return value + 10

    assert words.update_with("a", take, default=5) == 15


def test_a_function_that_always_changes_the_value_itself_is_an_error(words: Dict) -> None:
    words["a"] = 1
    with pytest.raises(RuntimeError, match="the function itself"):
        words.update_with("a", lambda _: words.add("a"))


def test_compare_and_set_compares_by_value(words: Dict) -> None:
    words["a"] = [1]
    assert words.compare_and_set("a", [1.0], "new")
    assert not words.compare_and_set("a", [1], "newer")
    assert not words.compare_and_set("a", MISSING, "newer")
    assert not words.compare_and_set("b", "new", "newer")
    assert words.compare_and_set("b", MISSING, None)
    assert not words.compare_and_set("b", MISSING, 1)
    assert words.items() == [("a", "new"), ("b", None)]


def test_a_comparison_that_always_changes_the_value_itself_is_an_error(words: Dict) -> None:
    class Meddler:
        def __eq__(self, other: object) -> bool:
            words["a"] = int(words["a"]) + 1
            return True

        __hash__ = None  # type: ignore[assignment]

    words["a"] = 1
    with pytest.raises(RuntimeError, match="the comparison itself"):
        words.compare_and_set("a", Meddler(), 0)


def test_what_two_processes_add_adds_up(arena: _native.Arena, words: Dict) -> None:
    words["float"] = 0.0

    def work() -> None:
        for _ in range(2000):
            words.add("int")
            words.add("float", 0.5)
            words.update_with("text", lambda text: text + "x", default="")

    in_children(arena, work, 2)
    assert (words["int"], words["float"], words["text"]) == (4000, 2000.0, "x" * 4000)


def test_of_all_processes_one_sets_what_is_missing(arena: _native.Arena, words: Dict) -> None:
    def work() -> None:
        for turn in range(500):
            if words.compare_and_set(turn, MISSING, 1):
                words.add("won")

    in_children(arena, work, 3)
    assert words["won"] == 500


def test_an_iterator_of_pairs_is_consumed_once(words: Dict) -> None:
    def pairs() -> Iterator[tuple[int, int]]:
        yield 1, 2
        yield 3, 4

    words.update(pairs())
    assert words.copy() == {1: 2, 3: 4}
