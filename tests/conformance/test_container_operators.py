"""Operators and slices on container proxies: what the built-ins give, in place or as plain copies."""

import copy
import itertools
import operator
from collections.abc import (
    Callable,
)
from typing import Any

import pytest

from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
    Subject,
    on,
    outcome,
    standard_library_fails,
    standard_library_left_out,
)

WITH_BUILT_IN = (BUILT_IN, *CHEAP)
IADD: Any = operator.iadd
IMUL: Any = operator.imul
IOR: Any = operator.ior
NO_SETS = "it has sets since 3.14 only"


def make(manager: Any, value: Any) -> Any:
    """A container of the manager's with that value."""
    return getattr(manager, type(value).__name__)(value)


@on(*WITH_BUILT_IN)
def test_sums_and_products_are_plain_lists(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1, 2])
    for found, expected in (
        (numbers + [3], [1, 2, 3]),  # noqa: RUF005
        (numbers * 2, [1, 2, 1, 2]),
        (2 * numbers, [1, 2, 1, 2]),
        (numbers * 0, []),
        (numbers * -1, []),
        (numbers * True, [1, 2]),
    ):
        assert type(found) is list
        assert found == expected
    assert list(numbers) == [1, 2]


@standard_library_fails(
    "a list cannot be added to the front of a proxy, nor a proxy to a proxy's end", on=WITH_BUILT_IN
)
def test_lists_and_proxies_can_be_added_in_any_order(subject: Subject, manager: Any) -> None:
    one, two = manager.list([1]), manager.list([2])
    assert [0] + one == [0, 1]  # noqa: RUF005
    assert one + two == [1, 2]
    assert one + one == [1, 1]


LIST_MISUSES: list[Callable[[Any], Any]] = [
    lambda x: x + (1,),  # noqa: RUF005
    lambda x: x + 1,
    lambda x: x + None,
    lambda x: 1 + x,
    lambda x: (1,) + x,  # noqa: RUF005
    lambda x: x * 1.5,
    lambda x: x * "a",
    lambda x: x * [1],
    lambda x: x - [1],
    lambda x: x["a"],
    lambda x: x[1.0],
    lambda x: x.index("missing"),
    lambda x: x.remove("missing"),
    lambda x: x.pop(99),
    lambda x: x[99],
    lambda x: operator.delitem(x, 99),
    lambda x: operator.setitem(x, 99, 1),
    lambda x: operator.setitem(x, slice(None, None, 2), [1, 2, 3]),
    lambda x: operator.setitem(x, slice(0, 1), 5),
    lambda x: x.extend(5),
    lambda x: IADD(x, 5),
    lambda x: IMUL(x, 1.5),
    lambda x: x.insert("a", 1),
    lambda x: ["a", *x].sort(),
]


@standard_library_left_out("a proxy and a list cannot be added there")
def test_misuse_of_a_list_raises_what_the_built_in_raises(subject: Subject, manager: Any) -> None:
    for misuse in LIST_MISUSES:
        value = [1, 2]
        proxy = manager.list(value)
        expected, found = outcome(misuse, value), outcome(misuse, proxy)
        assert expected[0] == "raises"
        assert found[:2] == expected[:2], (expected, found)
        assert list(proxy) == value


@on(*WITH_BUILT_IN)
def test_slices_are_read_written_and_deleted(subject: Subject, manager: Any) -> None:
    numbers = manager.list(range(10))
    assert (numbers[2:4], numbers[-1], numbers[::-3], numbers[20:]) == ([2, 3], 9, [9, 6, 3, 0], [])
    assert type(numbers[:]) is list
    numbers[1:3] = "abc"
    numbers[::5] = [None, None, None]
    assert numbers[:] == [None, "a", "b", "c", 3, None, 5, 6, 7, 8, None]
    del numbers[::2], numbers[-1]
    assert numbers[:] == ["a", "c", None, 6]
    numbers[:] = (1, 2)
    assert numbers[:] == [1, 2]


@on(*WITH_BUILT_IN)
@pytest.mark.parametrize("step", [-301, -100, -7, -2, -1, 1, 2, 3, 64, 299, 300])
def test_slices_skip_what_a_lists_skip(subject: Subject, manager: Any, step: int) -> None:
    plain = list(range(300))
    numbers = manager.list(plain)
    for start, stop in itertools.product([None, 5, 150, -5], [None, 0, 149, 290, -290]):
        part = slice(start, stop, step)
        assert numbers[part] == plain[part], part


@on(BUILT_IN, *MANOR)
def test_anything_iterable_can_be_assigned_or_added_as_to_a_list(subject: Subject, manager: Any) -> None:
    numbers = manager.list()
    numbers[:] = iter([1, 2])
    numbers[1:] = (n for n in (5, 6))
    numbers[:0] = manager.list([0])
    numbers += (n for n in (7,))
    numbers += manager.dict(key="value")
    numbers.extend({"word": 1}.keys())
    assert list(numbers) == [0, 1, 5, 6, 7, "key", "word"]


@on(BUILT_IN, *MANOR)  # the standard library's server reads the list while it grows, without end
def test_a_list_can_be_added_to_itself(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1, 2])
    numbers.extend(numbers)
    assert list(numbers) == [1, 2, 1, 2]
    numbers += numbers
    assert list(numbers) == [1, 2] * 4
    numbers[:] = numbers
    assert list(numbers) == [1, 2] * 4
    numbers[1:1] = numbers
    assert list(numbers) == [1, *[1, 2] * 4, 2, *[1, 2] * 3]


@on(BUILT_IN, *MANOR)
def test_a_dict_and_a_set_can_be_updated_with_themselves(subject: Subject, manager: Any) -> None:
    words, members = manager.dict(a=1), manager.set([1])
    words.update(words)
    words |= words
    members |= members
    members.update(members)
    assert (words, members) == ({"a": 1}, {1})
    members -= members
    assert members == set()


IN_PLACE: dict[str, list[tuple[Callable[[Any, Any], Any], Any]]] = {
    "list": [(operator.iadd, [1]), (operator.imul, 2)],
    "dict": [(operator.ior, {"b": 2})],
    "set": [(operator.ior, {1}), (operator.iand, {1}), (operator.isub, {2}), (operator.ixor, {3})],
}


@pytest.mark.parametrize("kind", IN_PLACE)
@on(BUILT_IN, *MANOR)
def test_operators_in_place_change_the_object_and_return_the_same_proxy(
    subject: Subject, manager: Any, kind: str
) -> None:
    built_in = {"list": [7], "dict": {"a": 1}, "set": {1, 2}}[kind]
    for operate, argument in IN_PLACE[kind]:
        model, value = copy.copy(built_in), make(manager, built_in)
        assert operate(value, argument) is value
        assert value == operate(model, argument)
        value = make(manager, built_in)
        if operate is not operator.imul:
            assert operate(value, make(manager, argument)) is value
            assert value == model


@on(*WITH_BUILT_IN)
def test_lists_grow_in_place(subject: Subject, manager: Any) -> None:
    numbers = same = manager.list([1])
    numbers += [2]
    numbers *= 2
    assert numbers is same
    assert list(same) == [1, 2, 1, 2]


@standard_library_fails("a dict proxy has no |", on=WITH_BUILT_IN, before=(3, 14))
def test_dicts_are_joined_by_the_operator(subject: Subject, manager: Any) -> None:
    words = manager.dict(a=1)
    assert words | {"a": 2, "b": 3} == {"a": 2, "b": 3}
    assert {"a": 0, "b": 3} | words == {"a": 1, "b": 3}
    assert type(words | {}) is dict
    words |= {"c": 4}
    words |= [("d", 5)]
    assert dict(words) == {"a": 1, "c": 4, "d": 5}


DICT_MISUSES: list[Callable[[Any], Any]] = [
    lambda x: x | [("b", 2)],
    lambda x: [("b", 2)] | x,
    lambda x: x | None,
    lambda x: IOR(x, 5),
    lambda x: x["missing"],
    lambda x: x[[]],
    lambda x: [] in x,
    lambda x: x.pop("missing"),
    lambda x: operator.delitem(x, "missing"),
    lambda x: x + {},
    lambda x: x < {},
    lambda x: x.update(5),
    lambda x: x.update([1]),
    lambda x: x.setdefault([]),
    lambda x: x.pop(),
    lambda x: x.get(),
]


@standard_library_left_out("a dict proxy has | since 3.14 only")
def test_misuse_of_a_dict_raises_what_the_built_in_raises(subject: Subject, manager: Any) -> None:
    for misuse in DICT_MISUSES:
        value = {"a": 1}
        proxy = manager.dict(value)
        expected, found = outcome(misuse, value), outcome(misuse, proxy)
        assert expected[0] == "raises"
        assert found[:2] == expected[:2], (expected, found)
        assert dict(proxy) == value


SET_OPERATORS = [operator.or_, operator.and_, operator.sub, operator.xor]


@standard_library_left_out(NO_SETS)
def test_set_operators_give_what_the_built_in_gives(subject: Subject, manager: Any) -> None:
    value = {1, 2, 3}
    proxy = manager.set(value)
    others: list[Any] = [set(), {2, 3, 4}, frozenset({3, 9}), [1], (1,), 5, None, {"a": 1}, "ab"]
    for operate in SET_OPERATORS:
        for other in others:
            expected = outcome(operate, value, other)
            found = outcome(operate, proxy, other)
            assert found[:2] == expected[:2], (operate, other)
            assert type(found[1]) is type(expected[1])
            expected, found = outcome(operate, other, value), outcome(operate, other, proxy)
            assert found[:2] == expected[:2], (other, operate)
            assert type(found[1]) is type(expected[1])
        assert operate(proxy, manager.set([2, 9])) == operate(value, {2, 9})
        assert operate(proxy, proxy) == operate(value, value)
    assert proxy == value


SET_METHODS = ["union", "intersection", "difference", "symmetric_difference", "isdisjoint", "issubset", "issuperset"]


@standard_library_left_out(NO_SETS)
def test_set_methods_take_any_iterable(subject: Subject, manager: Any) -> None:
    value = {1, 2, 3}
    proxy = manager.set(value)
    others: list[Callable[[], Any]] = [
        lambda: [2, 9],
        lambda: iter([2, 9]),
        lambda: {2: "two"},
        lambda: range(2, 7),
        lambda: manager.list([2]),
        lambda: manager.set([2]),
        lambda: manager.dict({2: "two"}),
        set,
    ]
    for name in SET_METHODS:
        for other in others:
            assert getattr(proxy, name)(other()) == getattr(value, name)(list(other())), name
    assert proxy.union() == proxy.copy() == value
    assert proxy.union([4], {5}) == {1, 2, 3, 4, 5}
    for wrong in (lambda s: s.union(5), lambda s: s.add([]), lambda s: s.remove(9), lambda s: s.isdisjoint(None)):
        assert outcome(wrong, proxy)[:2] == outcome(wrong, value)[:2]
    assert proxy == value


@on(BUILT_IN, *MANOR)
def test_a_set_finds_a_set_that_is_a_member(subject: Subject, manager: Any) -> None:
    members = manager.set([frozenset({1}), "word"])
    assert {1} in members
    members.discard({1})
    assert members == {"word"}
