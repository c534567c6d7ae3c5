"""`to_local` gives plain copies of all that is shared."""

import array
import collections
from typing import Any

import pytest

import manor.managers
from manor import to_local
from tests.conformance.collections_subjects import on_routes
from tests.conformance.subjects import Subject

KINDS: list[Any] = [
    pytest.param(lambda m: m.list([1, "a"]), [1, "a"], id="list"),
    pytest.param(lambda m: m.dict(a=1), {"a": 1}, id="dict"),
    pytest.param(lambda m: m.set([1]), {1}, id="set"),
    pytest.param(lambda m: m.deque([1]), collections.deque([1]), id="deque"),
    pytest.param(lambda m: m.deque([1], 3), collections.deque([1], 3), id="bounded-deque"),
    pytest.param(lambda m: m.OrderedDict(a=1), collections.OrderedDict(a=1), id="OrderedDict"),
    pytest.param(lambda m: m.defaultdict(int, a=1), collections.defaultdict(int, a=1), id="defaultdict"),
    pytest.param(lambda m: m.Counter("aab"), collections.Counter("aab"), id="Counter"),
    pytest.param(lambda m: m.ChainMap({"a": 1}, {"b": 2}), collections.ChainMap({"a": 1}, {"b": 2}), id="ChainMap"),
    pytest.param(lambda m: m.Array("i", [1, 2]), array.array("i", [1, 2]), id="Array"),
]


@pytest.mark.parametrize(("make", "plain"), KINDS)
@on_routes
def test_a_copy_is_of_the_plain_type_also_inside_of_others(
    subject: Subject, manager: Any, make: Any, plain: Any
) -> None:
    shared = make(manager)
    outer = manager.dict(plain=[shared, (shared, 1)], proxy=manager.list([shared]), space=manager.Namespace(x=shared))
    local = to_local(outer)
    space = local.pop("space")
    for found in (to_local(shared), local["plain"][0], local["plain"][1][0], local["proxy"][0], space.x):
        assert type(found) is type(plain)
        assert repr(found) == repr(plain)
        assert found == plain
    assert local["plain"][0] is local["plain"][1][0] is local["proxy"][0] is space.x


@on_routes
def test_namespaces_and_values_become_the_plain_objects(subject: Subject, manager: Any) -> None:
    space, value = manager.Namespace(a=manager.list([1])), manager.Value("i", manager.list([2]))
    local = to_local([space, value])
    assert type(local[0]) is manor.managers.Namespace
    assert type(local[1]) is manor.managers.Value
    assert vars(local[0]) == {"a": [1]}
    assert local[1].value == [2]
    assert type(local[1].value) is list


@on_routes
def test_cycles_end(subject: Subject, manager: Any) -> None:
    outer, inner = manager.dict(), manager.list()
    outer["inner"] = inner
    inner.append(outer)
    local = to_local(outer)
    assert local["inner"][0] is local
    outer.clear()


@on_routes
def test_other_proxies_stay_inside_and_have_no_copy(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    local = to_local(manager.list([lock]))
    with local[0]:
        assert not lock.acquire(False)
    with pytest.raises((manor.NotPicklable, manor.RemoteError)):
        to_local(lock)


def test_plain_values_stay_what_they_are() -> None:
    value = ("text", 1, None, frozenset({1}))
    assert to_local(value) is value
    original = {"a": [1]}
    copied = to_local(original)
    assert copied == original
    assert copied["a"] is not original["a"]
