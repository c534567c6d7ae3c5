"""Deques, counters, defaultdicts, ordered dicts and chains of dicts, by every way to reach them."""

import collections
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import manor.managers
from manor import to_local
from tests.conformance.collections_subjects import FORK, PLAIN, ROUTES, SERVED, SPAWN, TCP, on_routes
from tests.conformance.subjects import Subject, objects, on, outcome, until

EXAMPLES: list[Any] = [
    pytest.param("deque", ([1, 2],), "DequeProxy", id="deque"),
    pytest.param("deque", ([1, 2], 2), "DequeProxy", id="bounded-deque"),
    pytest.param("OrderedDict", ([("a", 1)],), "OrderedDictProxy", id="OrderedDict"),
    pytest.param("defaultdict", (int, {"a": 1}), "DefaultDictProxy", id="defaultdict"),
    pytest.param("Counter", ("aab",), "CounterProxy", id="Counter"),
    pytest.param("ChainMap", ({"a": 1}, {"b": 2}), "ChainMapProxy", id="ChainMap"),
]


def change(proxy: Any) -> Any:
    if hasattr(type(proxy), "append"):
        proxy.append(7)
    else:
        proxy["new"] = 7
    return proxy


@pytest.mark.parametrize(("typeid", "args", "proxytype"), EXAMPLES)
@on(*ROUTES, SPAWN)
def test_every_process_changes_the_same_object(
    subject: Subject, manager: Any, typeid: str, args: Any, proxytype: str
) -> None:
    proxy, plain = getattr(manager, typeid)(*args), PLAIN[typeid](*args)
    assert isinstance(proxy, getattr(manor.managers, proxytype))
    assert proxy == plain
    returned = subject.run_in_child(change, proxy)
    change(plain)
    assert proxy == plain
    assert returned == proxy
    assert hash(returned) == hash(proxy)
    assert type(returned) is type(proxy)
    assert type(proxy.copy()) is type(plain)


@pytest.mark.parametrize(("typeid", "args", "proxytype"), EXAMPLES)
@on_routes
def test_they_can_be_pickled_and_nested(subject: Subject, manager: Any, typeid: str, args: Any, proxytype: str) -> None:
    proxy, plain = getattr(manager, typeid)(*args), PLAIN[typeid](*args)
    assert pickle.loads(pickle.dumps(proxy)) == plain
    outer = manager.dict(inner=proxy)
    del proxy
    change(outer["inner"])
    change(plain)
    assert outer["inner"] == plain
    assert str(to_local(outer["inner"])) == str(plain)
    assert outer["inner"]._token.typeid == typeid


@pytest.mark.parametrize(("typeid", "args", "proxytype"), EXAMPLES)
@on_routes
def test_str_of_a_proxy_is_repr_of_the_object(
    subject: Subject, manager: Any, typeid: str, args: Any, proxytype: str
) -> None:
    assert str(getattr(manager, typeid)(*args)) == repr(PLAIN[typeid](*args))


REFUSED: list[Any] = [
    ("deque", lambda make: make(1)),
    ("deque", lambda make: make([], -1)),
    ("deque", lambda make: make([], "many")),
    ("deque", lambda make: make().pop()),
    ("deque", lambda make: make([], 3).popleft()),
    ("deque", lambda make: make([1], 1).insert(0, 2)),
    ("deque", lambda make: make([1])[1]),
    ("deque", lambda make: make([1])[:]),
    ("deque", lambda make: make([1]).__delitem__(4)),
    ("deque", lambda make: make([1]).remove(2)),
    ("deque", lambda make: make([1]).index(2)),
    ("deque", lambda make: make([1]).rotate("x")),
    ("deque", lambda make: operator.add(make([1]), [2])),
    ("deque", lambda make: make([1]) < [2]),
    ("deque", lambda make: make([1]).sort()),
    ("Counter", lambda make: make(1)),
    ("Counter", lambda make: make("ab") + {"a": 1}),
    ("Counter", lambda make: make("ab").pop("c")),
    ("Counter", lambda make: make().popitem()),
    ("Counter", lambda make: make([[]])),
    ("OrderedDict", lambda make: make(a=1)["b"]),
    ("OrderedDict", lambda make: make(a=1).move_to_end("b")),
    ("OrderedDict", lambda make: make().popitem(last=False)),
    ("defaultdict", lambda make: make(1)),
    ("defaultdict", lambda make: make(int, 3)),
    ("defaultdict", lambda make: make(None, a=1)["b"]),
    ("defaultdict", lambda make: make()["b"]),
    ("defaultdict", lambda make: make(int)[[]]),
    ("ChainMap", lambda make: make({"a": 1})["b"]),
    ("ChainMap", lambda make: make({}, {"a": 1}).__delitem__("a")),
    ("ChainMap", lambda make: make({}, {"a": 1}).pop("a")),
    ("ChainMap", lambda make: make({}, {"a": 1}).popitem()),
]


@pytest.mark.parametrize(("typeid", "use"), REFUSED)
@on_routes
def test_what_the_built_in_refuses_is_refused_with_its_error(
    subject: Subject, manager: Any, typeid: str, use: Callable[[Any], Any]
) -> None:
    expected, found = outcome(use, PLAIN[typeid]), outcome(use, getattr(manager, typeid))
    assert expected[0] == "raises"
    assert issubclass(found[1], expected[1])


@on_routes
def test_a_deque_with_a_bound_drops_at_the_other_end(subject: Subject, manager: Any) -> None:
    recent = manager.deque(range(5), maxlen=3)
    assert list(recent) == [2, 3, 4]
    recent.append(5)
    recent.appendleft(1)
    recent.extend("ab")
    assert recent == collections.deque([4, "a", "b"], 3)
    assert recent.maxlen == 3


@pytest.mark.parametrize("bound", [(), (10,)])
@on_routes
def test_a_loop_over_a_deque_notices_that_its_length_has_changed(subject: Subject, manager: Any, bound: Any) -> None:
    numbers = manager.deque([1, 2, 3], *bound)
    iterator = iter(numbers)
    next(iterator)
    numbers[1] = 20  # is no change of its length
    numbers.append(4)
    with pytest.raises(RuntimeError, match="mutated"):
        list(iterator)


@on_routes
def test_a_deque_can_be_worked_on_in_a_loop(subject: Subject, manager: Any) -> None:
    numbers = manager.deque([1, 2, 3])
    for at, number in enumerate(numbers):
        numbers[at] = number * 2
    assert list(numbers) == [2, 4, 6]
    assert numbers.add(0, 5) == 7
    assert numbers.compare_and_set(1, 4, "four")
    assert numbers.update_with(2, str) == "6"
    assert list(numbers) == [7, "four", "6"]


@on_routes
def test_a_deque_extended_by_itself_grows_once(subject: Subject, manager: Any) -> None:
    numbers = manager.deque([1, 2])
    numbers.extend(numbers)
    numbers += numbers
    assert list(numbers) == [1, 2] * 4
    assert collections.deque([0]) + numbers == collections.deque([0, *[1, 2] * 4])


@on_routes
def test_counts_in_one_step(subject: Subject, manager: Any) -> None:
    counts = manager.Counter(a=1)
    assert counts.add("a") == 2
    assert counts.add("b", 3) == 3
    assert counts["missing"] == 0
    assert "missing" not in counts
    del counts["missing"]
    counts.subtract(a=5)
    assert counts == {"a": -3, "b": 3}
    counts += manager.Counter(b=1)
    assert counts == collections.Counter(b=4)
    assert manager.Counter(a=1) + manager.Counter(a=2) == collections.Counter(a=3)


@on_routes
def test_a_chain_shares_its_dicts(subject: Subject, manager: Any) -> None:
    defaults, own = manager.dict(color="red", user="guest"), {"user": "ada"}
    settings = manager.ChainMap(own, defaults)
    assert settings["color"] == "red"
    defaults["color"] = "blue"
    assert settings["color"] == "blue"
    settings.maps[0]["color"] = "green"
    assert settings["color"] == "green"
    assert own == {"user": "ada"}, "a plain dict is copied"
    assert settings.parents["user"] == "guest"
    child = settings.new_child({"a": 1}, b=2)
    child["color"] = "white"
    assert (child["color"], settings["color"]) == ("white", "green")
    assert (settings | {"x": 1})["x"] == 1
    assert manager.ChainMap() == {}


@on_routes
def test_ordered_dicts_compare_by_order_with_each_other_only(subject: Subject, manager: Any) -> None:
    one, other = manager.OrderedDict(a=1, b=2), manager.OrderedDict(b=2, a=1)
    assert one != other
    assert one == {"b": 2, "a": 1}
    other.move_to_end("b")
    assert one == other
    one.move_to_end("b", last=False)
    assert one.keys() == ["b", "a"]
    assert one.popitem(last=False) == ("b", 2)


@pytest.mark.parametrize(
    ("make", "is_resident"),
    [
        (lambda m: m.deque([1]), True),
        (lambda m: m.deque([1], 3), False),
        (lambda m: m.Counter("a"), True),
        (lambda m: m.defaultdict(list), True),
        (lambda m: m.defaultdict(collections.OrderedDict), False),
        (lambda m: m.OrderedDict(), False),
        (lambda m: m.ChainMap(), False),
    ],
    ids=["deque", "bounded-deque", "Counter", "defaultdict", "own-factory", "OrderedDict", "ChainMap"],
)
@on(FORK, TCP)
def test_what_is_cheap_lives_in_shared_memory(subject: Subject, manager: Any, make: Any, is_resident: bool) -> None:
    assert ("-" in make(manager)._id) is is_resident


class Mine(manor.managers.SyncManager):
    """Registers what the module `collections` has, as programs do with the standard library."""


for _typeid, _kind in PLAIN.items():
    Mine.register(_typeid, _kind)


@pytest.mark.parametrize("options", [{}, {"resident": False}], ids=["resident", "served"])
def test_what_a_program_registers_under_these_names_is_served_as_the_standard_library_does(
    options: dict[str, Any],
) -> None:
    manager: Any = Mine(**options)
    with manager as mine:
        queue = mine.deque([1], 2)
        assert not isinstance(queue, manor.managers.DequeProxy)
        queue.append(2)
        assert queue.copy() == collections.deque([1, 2], 2)
        groups = mine.defaultdict(list)
        assert groups.setdefault("a", [1]) == [1]
        assert mine.Counter("aab").most_common(1) == [("a", 2)]
        assert not isinstance(mine.OrderedDict(a=1), manor.managers.OrderedDictProxy)
        assert mine.ChainMap({"a": 1}).get("a") == 1


@on(FORK, SERVED)
def test_what_they_contain_goes_with_them(subject: Subject, manager: Any) -> None:
    before = objects(manager)
    groups = manager.defaultdict(list)
    for number in range(100):
        groups[number].append(number)
    chain = manager.ChainMap({"a": 1}).new_child({"b": 2})
    assert objects(manager) > before
    del groups, chain
    until(lambda: objects(manager) == before)
