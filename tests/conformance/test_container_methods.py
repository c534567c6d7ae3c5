"""Membership, copies and methods of container proxies are those of the built-ins."""

import copy
from typing import Any

import pytest

from tests.conformance.subjects import (
    BUILT_IN,
    CHEAP,
    MANOR,
    Subject,
    on,
    standard_library_fails,
)

WITH_BUILT_IN = (BUILT_IN, *CHEAP)
NO_SETS = "it has sets since 3.14 only"


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
    names = [repr(proxy).partition(" object, typeid ")[0] for proxy in proxies]
    assert names == ["<ListProxy", "<DictProxy"]


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


@on(*CHEAP)
def test_values_and_arrays_take_whether_they_have_a_lock(subject: Subject, manager: Any) -> None:
    for lock in (True, False):
        assert manager.Value("i", 1, lock).value == manager.Value(typecode="i", value=1, lock=lock).value == 1
        assert list(manager.Array("i", [1], lock)) == list(manager.Array(typecode="i", sequence=[1], lock=lock)) == [1]
