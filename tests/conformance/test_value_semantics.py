"""Containers behind proxies compare, combine and convert as the built-ins that they stand for."""

import collections
import copy
import operator
import pickle
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Reversible,
    Sequence,
    Set,
)
from typing import Any

import pytest

from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
    Subject,
    on,
    standard_library_fails,
    standard_library_left_out,
)

WITH_BUILT_IN = (BUILT_IN, *CHEAP)
NO_SETS = "it has sets since 3.14 only"


def outcome(action: Callable[[], Any]) -> tuple[Any, ...]:
    """What an action returns, or the type and the text of what it raises."""
    try:
        return "returns", action()
    except Exception as error:
        return "raises", type(error), str(error)


def make(manager: Any, value: Any) -> Any:
    """A container of the manager's with that value."""
    return getattr(manager, type(value).__name__)(value)


# Comparisons


ORDERED: list[Any] = [[], [1], [1, 2], [2], [1.0], [[1]], ["x"]]
SETS: list[Any] = [set(), {1}, {1, 2}, {2}, {1.0}, {"x"}]
DICTS: list[Any] = [{}, {"a": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}, {"a": 1.0}]
OTHERS: list[Any] = [None, 1, "x", (), (1,), (1, 2), range(2), frozenset({1}), collections.OrderedDict(a=1)]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("values", [ORDERED, SETS, DICTS], ids=["list", "set", "dict"])
@standard_library_left_out("it compares proxies by identity, as a test below says")
def test_comparisons_give_what_the_built_ins_give(subject: Subject, manager: Any, values: list[Any]) -> None:
    proxies = [make(manager, value) for value in values]
    for compare in COMPARISONS:
        for value, proxy in zip(values, proxies, strict=True):
            for other, other_proxy in zip(values, proxies, strict=True):
                there, back = outcome(lambda: compare(value, other)), outcome(lambda: compare(other, value))  # noqa: B023
                what = f"{compare.__name__} of {value} and {other}"
                assert outcome(lambda: compare(proxy, other))[:2] == there[:2], what  # noqa: B023
                assert outcome(lambda: compare(other, proxy))[:2] == back[:2], what  # noqa: B023
                assert outcome(lambda: compare(proxy, other_proxy))[:2] == there[:2], what  # noqa: B023


@pytest.mark.parametrize("values", [ORDERED, SETS, DICTS], ids=["list", "set", "dict"])
@standard_library_left_out("it compares proxies by identity, as a test below says")
def test_comparisons_with_other_types_give_what_the_built_ins_give(
    subject: Subject, manager: Any, values: list[Any]
) -> None:
    for value in values:
        proxy = make(manager, value)
        for compare in COMPARISONS:
            for other in OTHERS:
                expected = outcome(lambda: compare(value, other))[:2]  # noqa: B023
                assert outcome(lambda: compare(proxy, other))[:2] == expected  # noqa: B023
                expected = outcome(lambda: compare(other, value))[:2]  # noqa: B023
                assert outcome(lambda: compare(other, proxy))[:2] == expected  # noqa: B023


@standard_library_fails("it compares proxies by identity", on=WITH_BUILT_IN)
def test_lists_and_dicts_of_the_same_value_are_equal(subject: Subject, manager: Any) -> None:
    assert manager.list([1, 2]) == [1, 2]
    assert manager.list([1, 2]) == manager.list([1, 2])
    assert manager.dict(a=1) == {"a": 1}
    assert manager.list([1]) != [2]
    assert manager.list([1]) != (1,)
    assert manager.list([1, 2]) < [1, 3]


@standard_library_left_out("it compares proxies by identity")
def test_proxies_of_two_managers_compare_and_combine_by_value(subject: Subject, manager: Any) -> None:
    with MANOR[0].manager() as other:
        assert manager.list([1]) == other.list([1])
        assert manager.list([1]) < other.list([2])
        assert manager.list([1]) + other.list([2]) == [1, 2]
        assert manager.set([1]) <= other.set([1, 2])
        assert manager.set([1]) | other.set([2]) == {1, 2}
        assert manager.dict(a=1) == other.dict(a=1)
        assert manager.dict(a=1) | other.dict(b=2) == {"a": 1, "b": 2}
        assert manager.dict(a=1) != other.list(["a"])


@standard_library_fails("it compares proxies by identity", on=CHEAP)
def test_containers_of_proxies_compare_by_the_values_behind_them(subject: Subject, manager: Any) -> None:
    nested = manager.list([manager.list([1]), manager.dict(a=manager.list([2]))])
    assert nested == [[1], {"a": [2]}]
    assert [1] in nested
    assert nested.index({"a": [2]}) == 1
    assert nested.count([1]) == 1


# Hash and identity


@standard_library_fails("it hashes each proxy by itself", on=CHEAP)
def test_a_hash_is_that_of_the_hosted_object(subject: Subject, manager: Any) -> None:
    proxy, twin = manager.list([1]), manager.list([1])
    same = pickle.loads(pickle.dumps(proxy))
    before = hash(proxy)
    proxy.append(2)
    assert hash(proxy) == before == hash(same)
    assert {proxy: "found"}[same] == "found"
    assert len({proxy, same, twin}) == 2


@standard_library_left_out("it hashes each proxy by itself")
def test_a_child_finds_a_proxy_by_its_hash(subject: Subject, manager: Any) -> None:
    proxies = [manager.list(), manager.dict(), manager.set()]
    assert subject.run_in_child(find_each, {proxy: at for at, proxy in enumerate(proxies)}, proxies) == [0, 1, 2]


def find_each(places: dict[Any, int], proxies: list[Any]) -> list[int]:
    return [places[pickle.loads(pickle.dumps(proxy))] for proxy in proxies]


@on(*CHEAP)
def test_proxies_that_are_no_containers_compare_by_identity(subject: Subject, manager: Any) -> None:
    one, other = manager.Value("i", 1), manager.Value("i", 1)
    assert one == one  # noqa: PLR0124
    assert one != other
    assert manager.Namespace(x=1) != manager.Namespace(x=1)


# Abstract base classes


ABCS: dict[str, list[type]] = {
    "list": [MutableSequence, Sequence, Reversible, Collection],
    "dict": [MutableMapping, Mapping, Collection],
    "set": [MutableSet, Set, Collection],
}
ALL_ABCS = {abc for abcs in ABCS.values() for abc in abcs} - {Collection, Reversible}


@pytest.mark.parametrize("kind", ABCS)
@on(BUILT_IN, *MANOR)
def test_a_container_is_an_instance_of_the_right_base_classes(subject: Subject, manager: Any, kind: str) -> None:
    found = getattr(manager, kind)()
    assert [abc for abc in ABCS[kind] if not isinstance(found, abc)] == []
    assert [abc for abc in ALL_ABCS - set(ABCS[kind]) if isinstance(found, abc)] == []
    assert isinstance(found, Hashable) == (subject is not BUILT_IN)


@standard_library_fails("its proxies are registered with no base class", on=WITH_BUILT_IN, before=(3, 14))
def test_lists_and_dicts_are_a_sequence_and_a_mapping(subject: Subject, manager: Any) -> None:
    assert isinstance(manager.list(), MutableSequence)
    assert isinstance(manager.dict(), MutableMapping)


@standard_library_fails("its proxies are registered with no base class", on=WITH_BUILT_IN, before=(3, 14))
def test_patterns_match_containers(subject: Subject, manager: Any) -> None:
    match manager.list([1, 2, 3]):
        case [first, *rest]:
            assert (first, rest) == (1, [2, 3])
        case _:
            pytest.fail("a list matches no sequence pattern")
    match manager.dict(a=1, b=2):
        case {"a": found, **others}:
            assert (found, others) == (1, {"b": 2})
        case _:
            pytest.fail("a dict matches no mapping pattern")


# Operators


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
    lambda x: operator.iadd(x, 5),
    lambda x: operator.imul(x, 1.5),
    lambda x: x.insert("a", 1),
    lambda x: ["a", *x].sort(),
]


@standard_library_left_out("a proxy and a list cannot be added there")
def test_misuse_of_a_list_raises_what_the_built_in_raises(subject: Subject, manager: Any) -> None:
    for misuse in LIST_MISUSES:
        value = [1, 2]
        proxy = manager.list(value)
        expected, found = outcome(lambda: misuse(value)), outcome(lambda: misuse(proxy))  # noqa: B023
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


@on(BUILT_IN, *CHEAP)
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
    lambda x: operator.ior(x, 5),
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
        expected, found = outcome(lambda: misuse(value)), outcome(lambda: misuse(proxy))  # noqa: B023
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
            expected = outcome(lambda: operate(value, other))  # noqa: B023
            found = outcome(lambda: operate(proxy, other))  # noqa: B023
            assert found[:2] == expected[:2], (operate, other)
            assert type(found[1]) is type(expected[1])
            expected, found = outcome(lambda: operate(other, value)), outcome(lambda: operate(other, proxy))  # noqa: B023
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
        assert outcome(lambda: wrong(proxy))[:2] == outcome(lambda: wrong(value))[:2]  # noqa: B023
    assert proxy == value


@on(BUILT_IN, *MANOR)
def test_a_set_finds_a_set_that_is_a_member(subject: Subject, manager: Any) -> None:
    members = manager.set([frozenset({1}), "word"])
    assert {1} in members
    assert manager.set([1]) in members
    members.discard({1})
    assert members == {"word"}


@on(*WITH_BUILT_IN)
def test_membership_length_and_truth(subject: Subject, manager: Any) -> None:
    numbers, words = manager.list([1, "a", None]), manager.dict(a=None)
    assert 1.0 in numbers
    assert True in numbers
    assert None in numbers
    assert 2 not in numbers
    assert "a" in words
    assert None not in words
    assert (len(numbers), len(words)) == (3, 1)
    assert numbers
    assert words
    assert not manager.list()
    assert not manager.dict()


# Copies and conversions


@standard_library_fails("a list proxy has no copy() and no clear()", on=WITH_BUILT_IN, before=(3, 14))
def test_copies_of_lists_are_plain_and_independent(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1, [2]])
    copied = numbers.copy()
    numbers.append(3)
    assert type(copied) is list
    assert copied == [1, [2]]
    numbers.clear()
    assert list(numbers) == []


@on(*WITH_BUILT_IN)
def test_copies_of_dicts_are_plain_and_independent(subject: Subject, manager: Any) -> None:
    words = manager.dict(a=1)
    copied = words.copy()
    words["b"] = 2
    assert type(copied) is dict
    assert copied == {"a": 1}
    assert dict(words) == {"a": 1, "b": 2}


@on(*CHEAP)
def test_a_shallow_copy_is_another_proxy_of_the_object_and_a_deep_copy_is_plain(subject: Subject, manager: Any) -> None:
    numbers = manager.list([1])
    other, plain = copy.copy(numbers), copy.deepcopy(numbers)
    numbers.append(2)
    assert other[:] == [1, 2]
    assert (type(plain), plain) == (list, [1])


@on(*CHEAP)
def test_str_is_that_of_the_object_and_repr_that_of_the_proxy(subject: Subject, manager: Any) -> None:
    proxies = [manager.list([1, "a"]), manager.dict(a=1)]
    assert [str(proxy) for proxy in proxies] == ["[1, 'a']", "{'a': 1}"]
    assert f"{proxies[0]}" == "[1, 'a']"
    assert all(repr(proxy).startswith(f"<{type(proxy).__name__} object") for proxy in proxies)


@on(*WITH_BUILT_IN)
def test_everything_a_dict_takes_a_dict_proxy_takes(subject: Subject, manager: Any) -> None:
    words = manager.dict([("a", 1)], b=2)
    words.update({"c": 3}, d=4)
    words.update([("e", 5)])
    words.update(self=6, other=7)
    assert (words.pop("c"), words.pop("c", None), words.get("d"), words.get("x", 9)) == (3, None, 4, 9)
    assert (words.setdefault("a", 9), words.setdefault("f", 10), words.popitem()) == (1, 10, ("f", 10))
    del words["b"]
    assert list(words.items()) == [("a", 1), ("d", 4), ("e", 5), ("self", 6), ("other", 7)]
    assert list(words.keys()) == ["a", "d", "e", "self", "other"]
    assert list(words.values()) == [1, 4, 5, 6, 7]


@on(BUILT_IN, *MANOR)
def test_a_dict_takes_iterators_and_proxies(subject: Subject, manager: Any) -> None:
    words = manager.dict(zip("ab", [1, 2], strict=True)) if subject is BUILT_IN else manager.dict(a=1, b=2)
    words.update(zip("bc", [3, 4], strict=True))
    words.update(manager.dict(d=5))
    words.update(manager.list([("e", 6)]))
    assert words == {"a": 1, "b": 3, "c": 4, "d": 5, "e": 6}
    assert words.fromkeys("xy", 1) == {"x": 1, "y": 1}
    assert words == {**words} == dict(words)


@on(*WITH_BUILT_IN)
def test_everything_a_list_does_a_list_proxy_does(subject: Subject, manager: Any) -> None:
    numbers = manager.list("hello")
    assert (numbers.index("l"), numbers.index("l", 3), numbers.index("l", -3, -1)) == (2, 3, 2)
    assert (numbers.count("l"), numbers.pop(), numbers.pop(0), numbers.pop(-1)) == (2, "o", "h", "l")
    numbers.insert(-1, "x")
    numbers.insert(99, "y")
    assert numbers[:] == ["e", "x", "l", "y"]
    numbers.sort(key=str.upper, reverse=True)
    numbers.remove("x")
    numbers.reverse()
    assert numbers[:] == ["e", "l", "y"]


@on(*CHEAP)
def test_an_array_is_read_and_written_by_slices_of_arrays(subject: Subject, manager: Any) -> None:
    numbers = manager.Array("i", [1, 2, 3])
    part = numbers[1:]
    assert (type(part).__name__, list(part), numbers[-1], len(numbers)) == ("array", [2, 3], 3, 3)
    numbers[0] = 9
    numbers[1:] = part[::-1]
    assert list(numbers) == [9, 3, 2]
    with pytest.raises(TypeError):
        numbers[0] = "x"
    with pytest.raises(IndexError):
        numbers[3]
