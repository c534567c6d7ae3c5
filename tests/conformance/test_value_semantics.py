"""Containers behind proxies compare, combine and convert as the built-ins that they stand for."""

import collections
import operator
import pickle
from collections.abc import (
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
    outcome,
    standard_library_fails,
    standard_library_left_out,
)

WITH_BUILT_IN = (BUILT_IN, *CHEAP)
NO_SETS = "it has sets since 3.14 only"


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
                there, back = outcome(compare, value, other), outcome(compare, other, value)
                what = f"{compare.__name__} of {value} and {other}"
                assert outcome(compare, proxy, other)[:2] == there[:2], what
                assert outcome(compare, other, proxy)[:2] == back[:2], what
                assert outcome(compare, proxy, other_proxy)[:2] == there[:2], what


@pytest.mark.parametrize("values", [ORDERED, SETS, DICTS], ids=["list", "set", "dict"])
@standard_library_left_out("it compares proxies by identity, as a test below says")
def test_comparisons_with_other_types_give_what_the_built_ins_give(
    subject: Subject, manager: Any, values: list[Any]
) -> None:
    for value in values:
        proxy = make(manager, value)
        for compare in COMPARISONS:
            for other in OTHERS:
                expected = outcome(compare, value, other)[:2]
                assert outcome(compare, proxy, other)[:2] == expected
                expected = outcome(compare, other, value)[:2]
                assert outcome(compare, other, proxy)[:2] == expected


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
