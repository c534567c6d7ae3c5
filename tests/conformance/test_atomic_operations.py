"""Changing one value in one step: `add`, `update_with`, `compare_and_set`, however the object is reached."""

from collections.abc import Callable
from typing import Any

import pytest

from manor import MISSING
from tests.conformance.holders import holders, increased, value_of
from tests.conformance.subjects import CONTAINERS, on, outcome

NAN = float("nan")


class Unequal:
    """Has no `==` of its own: no copy equals another."""

    def __init__(self, number: int) -> None:
        self.number = number


def unequal_increased(value: Unequal) -> Unequal:
    return Unequal(value.number + 1)


@on(*CONTAINERS)
@pytest.mark.parametrize(
    ("value", "amount", "total"),
    [(1, 2, 3), (1, -0.5, 0.5), (2**63 - 1, 1, 2**63), (2**80, -1, 2**80 - 1), ("a", "b", "ab"), ([1], [2], [1, 2])],
    ids=repr,
)
def test_add_gives_the_sum_and_keeps_it(manager: Any, value: Any, amount: Any, total: Any) -> None:
    for case in holders(manager, value):
        holder, where = case
        assert holder.add(*where, amount) == total == value_of(case)


@on(*CONTAINERS)
def test_add_adds_one_unless_told_otherwise(manager: Any) -> None:
    numbers = manager.dict(a=1)
    assert (numbers.add("a"), numbers.add("b"), numbers.add("c", 2.5), numbers.add("d", default=10)) == (2, 1, 2.5, 11)
    assert dict(numbers) == {"a": 2, "b": 1, "c": 2.5, "d": 11}
    assert manager.list([1, 2]).add(-1) == 3
    assert manager.Value("i", 1).add() == 2


@on(*CONTAINERS)
@pytest.mark.parametrize("add", [lambda d: d.add("a", "x"), lambda d: d.add("b", "x"), lambda d: d.add("c", 1, None)])
def test_an_add_that_fails_changes_nothing(manager: Any, add: Callable[[Any], Any]) -> None:
    numbers = manager.dict(a=1)
    with pytest.raises(TypeError, match="unsupported operand"):
        add(numbers)
    assert dict(numbers) == {"a": 1}


@on(*CONTAINERS)
@pytest.mark.parametrize("index", [0, -4, 3, 4, -5, 2**70, True, "a", 1.0, None, slice(0, 1)], ids=str)
def test_an_index_is_taken_or_refused_as_by_the_list_itself(manager: Any, index: Any) -> None:
    numbers = [1, 2, 3, 4]
    expected = outcome(lambda: numbers[index] + 1)
    changes: tuple[Callable[[Any], Any], ...] = (
        lambda shared: shared.add(index),
        lambda shared: shared.update_with(index, increased),
        lambda shared: shared.compare_and_set(index, 0, 0) or shared[index] + 1,
    )
    for change in changes:
        found = outcome(change, manager.list(numbers))
        if isinstance(index, slice):
            assert found[:2] == ("raises", TypeError)
        else:
            assert found[:2] == expected[:2]


@on(*CONTAINERS)
def test_a_key_that_cannot_be_hashed_is_refused(manager: Any) -> None:
    numbers = manager.dict()
    changes: tuple[Callable[[], Any], ...] = (
        lambda: numbers.add([]),
        lambda: numbers.update_with([], increased, default=0),
        lambda: numbers.compare_and_set([], MISSING, 1),
    )
    for change in changes:
        with pytest.raises(TypeError, match="unhashable"):
            change()
    assert dict(numbers) == {}


@on(*CONTAINERS)
def test_update_with_gives_the_new_value_and_keeps_it(manager: Any) -> None:
    for case in holders(manager, [1]):
        holder, where = case
        assert holder.update_with(*where, lambda value: [*value, 2]) == [1, 2] == value_of(case)


@on(*CONTAINERS)
def test_update_with_begins_with_the_default_where_there_is_one(manager: Any) -> None:
    texts = manager.dict()
    assert texts.update_with("a", lambda text: text + "x", default="") == "x"
    assert texts.update_with("a", lambda text: text + "x", default="") == "xx"
    with pytest.raises(KeyError, match="'b'"):
        texts.update_with("b", increased)
    assert dict(texts) == {"a": "xx"}


@on(*CONTAINERS)
def test_update_with_changes_nothing_when_the_function_fails(manager: Any) -> None:
    for case in holders(manager, 0):
        holder, where = case
        with pytest.raises(ZeroDivisionError):
            holder.update_with(*where, lambda value: 1 / value)
        assert value_of(case) == 0


@on(*CONTAINERS)
@pytest.mark.parametrize("meanwhile", [5, "text"], ids=repr)
def test_update_with_runs_again_when_the_value_was_changed(manager: Any, meanwhile: Any) -> None:
    for case in holders(manager, 1):
        holder, where = case
        seen: list[Any] = []

        def double(value: Any) -> Any:
            seen.append(value)  # noqa: B023 - it runs in this turn of the loop
            if len(seen) == 1:  # noqa: B023
                holder.compare_and_set(*where, value, meanwhile)  # noqa: B023
            return value * 2

        assert holder.update_with(*where, double) == meanwhile * 2 == value_of(case)
        assert seen == [1, meanwhile]


@on(*CONTAINERS)
def test_update_with_runs_again_when_the_key_has_come_or_gone(manager: Any) -> None:
    numbers = manager.dict(gone=1)
    seen: list[int] = []

    def changed(value: int) -> int:
        seen.append(value)
        if len(seen) == 1:
            del numbers["gone"]
        if len(seen) == 3:
            numbers["come"] = 5
        return value + 1

    assert numbers.update_with("gone", changed, default=10) == 11
    assert numbers.update_with("come", changed, default=10) == 6
    assert seen == [1, 10, 10, 5]


@on(*CONTAINERS)
def test_a_function_that_changes_the_value_itself_each_time_is_told_so(manager: Any) -> None:
    for holder, where in holders(manager, 1):
        with pytest.raises(RuntimeError, match="the function itself"):
            holder.update_with(*where, lambda _: holder.add(*where))  # noqa: B023


@on(*CONTAINERS)
def test_update_with_works_for_values_that_do_not_equal_their_copies(manager: Any) -> None:
    for case in holders(manager, Unequal(1)):
        holder, where = case
        assert holder.update_with(*where, unequal_increased).number == 2
        assert value_of(case).number == 2
    for case in holders(manager, NAN):
        holder, where = case
        assert holder.update_with(*where, str) == "nan" == value_of(case)


@on(*CONTAINERS)
def test_add_works_for_nan(manager: Any) -> None:
    for holder, where in holders(manager, NAN):
        assert holder.add(*where) != holder.add(*where, 0)


@on(*CONTAINERS)
def test_compare_and_set_sets_what_equals_and_nothing_else(manager: Any) -> None:
    for case in holders(manager, (1, "a")):
        holder, where = case
        assert holder.compare_and_set(*where, (1, "b"), 2) is False
        assert holder.compare_and_set(*where, MISSING, 2) is False
        assert value_of(case) == (1, "a")
        assert holder.compare_and_set(*where, (1.0, "a"), 2) is True
        assert value_of(case) == 2


@on(*CONTAINERS)
def test_compare_and_set_sets_a_key_that_must_not_be_there(manager: Any) -> None:
    numbers = manager.dict()
    assert not numbers.compare_and_set("a", None, 1)
    assert numbers.compare_and_set("a", MISSING, 1)
    assert not numbers.compare_and_set("a", MISSING, 2)
    assert dict(numbers) == {"a": 1}


@on(*CONTAINERS)
def test_values_may_be_containers_of_the_manager(manager: Any) -> None:
    inner, other = manager.list([1]), manager.list([2])
    for case in holders(manager, inner):
        holder, where = case
        assert holder.compare_and_set(*where, inner, other)
        assert holder.update_with(*where, lambda found: found) == other
        assert value_of(case)._is_same(other)
        assert holder.add(*where, [3]) == [2, 3] == value_of(case)


@on(*CONTAINERS)
def test_an_iteration_sees_what_they_change_at_once(manager: Any) -> None:
    numbers = manager.list([0, 0, 0])
    iterator = iter(numbers)
    next(iterator)
    numbers.add(1)
    numbers.update_with(2, increased)
    assert list(iterator) == [1, 1]
    keys = manager.dict(a=1)
    iterator = iter(keys)
    next(iterator)
    keys.compare_and_set("b", MISSING, 1)
    with pytest.raises(RuntimeError, match="changed size"):
        list(iterator)
