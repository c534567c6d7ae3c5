"""Deep containers: what is stored in them is shared, with all that is in it; by every way to reach them."""

import collections
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import manor
from manor import ArenaFull, NotPicklable, to_local
from manor.managers import DictProxy, ListProxy, SetProxy
from tests.conformance.collections_subjects import FORK, ROUTES, SERVED, SPAWN, TCP, on_routes
from tests.conformance.subjects import STANDARD_FORK, Subject, objects, on, standard_library_fails, until


def change_within(shared: Any) -> None:
    shared["a"]["b"] += 1
    shared["k"].append(2)
    shared["s"].add("two")


@on(*ROUTES, SPAWN)
def test_what_is_stored_in_a_deep_dict_is_shared(subject: Subject, manager: Any) -> None:
    shared = manager.dict(deep=True)
    shared["a"] = {"b": 0, "list": [[1]]}
    shared["k"] = [1]
    shared["s"] = {"one"}
    change_within(shared)
    subject.run_in_child(change_within, shared)
    shared["a"]["list"][0].append("inner")
    assert to_local(shared) == {
        "a": {"b": 2, "list": [[1, "inner"]]}, "k": [1, 2, 2], "s": {"one", "two"},
    }  # fmt: skip
    assert [type(shared[key]) for key in "aks"] == [type(manager.dict()), type(manager.list()), type(manager.set())]
    assert isinstance(shared["a"], DictProxy)
    assert isinstance(shared["k"], ListProxy)
    assert isinstance(shared["s"], SetProxy)


@on_routes
def test_all_that_a_deep_manager_makes_is_deep(subject: Subject, manager: Any) -> None:
    with subject.manager(deep=True) as deep:
        for container in (deep.dict(k=[1]), deep.OrderedDict(k=[1]), deep.defaultdict(int, k=[1])):
            container["k"].append(2)
            container["new"] = {"list": []}
            container["new"]["list"].append(1)
            assert to_local(container) == {"k": [1, 2], "new": {"list": [1]}}
        for sequence in (deep.list([[1]]), deep.deque([[1]]), deep.deque([[1]], maxlen=5)):
            sequence[0].append(2)
            sequence.append({})
            sequence[1]["a"] = 1
            assert list(to_local(sequence)) == [[1, 2], {"a": 1}]
        chain = deep.ChainMap({"k": [1]}, {"l": [1]})
        chain["k"].append(2)
        chain["l"].append(2)
        assert to_local(chain) == {"k": [1, 2], "l": [1, 2]}
        space, value = deep.Namespace(list=[1]), deep.Value("i", [1])
        space.list.append(2)
        space.dict = {}
        space.dict["a"] = 1
        value.value.append(2)
        assert vars(to_local(space)) == {"list": [1, 2], "dict": {"a": 1}}
        assert to_local(value).value == [1, 2]
        assert deep.list([[1]], deep=False)[0] == [1]
        assert type(deep.list([[1]], deep=False)[0]) is list


STORING: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("dict", lambda d: d.__setitem__("k", [1]), lambda d: d["k"]),
    ("dict", lambda d: d.setdefault("k", [1]), lambda d: d["k"]),
    ("dict", lambda d: d.update({"k": [1]}), lambda d: d["k"]),
    ("dict", lambda d: d.update([("k", [1])]), lambda d: d["k"]),
    ("dict", lambda d: d.update(k=[1]), lambda d: d["k"]),
    ("dict", lambda d: d.__ior__({"k": [1]}), lambda d: d["k"]),
    ("dict", lambda d: d.compare_and_set("k", manor.MISSING, [1]), lambda d: d["k"]),
    ("dict", lambda d: d.update_with("k", lambda _: [1], default=None), lambda d: d["k"]),
    ("list", lambda x: x.append([1]), lambda x: x[-1]),
    ("list", lambda x: x.extend([[1]]), lambda x: x[-1]),
    ("list", lambda x: x.__iadd__([[1]]), lambda x: x[-1]),
    ("list", lambda x: x.insert(0, [1]), lambda x: x[0]),
    ("list", lambda x: x.__setitem__(0, [1]), lambda x: x[0]),
    ("list", lambda x: x.__setitem__(slice(0, 1), [[1]]), lambda x: x[0]),
    ("list", lambda x: x.__setitem__(slice(None), [[1]]), lambda x: x[0]),
    ("list", lambda x: x.__setitem__(slice(None, None, 2), [[1]]), lambda x: x[0]),
    ("list", lambda x: x.compare_and_set(0, 0, [1]), lambda x: x[0]),
    ("list", lambda x: x.update_with(0, lambda _: [1]), lambda x: x[0]),
    ("deque", lambda x: x.appendleft([1]), lambda x: x[0]),
    ("deque", lambda x: x.extendleft([[1]]), lambda x: x[0]),
    ("deque", lambda x: x.append([1]), lambda x: x[-1]),
    ("deque", lambda x: x.insert(0, [1]), lambda x: x[0]),
]


@pytest.mark.parametrize(("typeid", "store", "find"), STORING)
@on_routes
def test_every_method_that_stores_shares(
    subject: Subject, manager: Any, typeid: str, store: Callable[[Any], Any], find: Callable[[Any], Any]
) -> None:
    container = manager.dict(deep=True) if typeid == "dict" else getattr(manager, typeid)([0], deep=True)
    store(container)
    find(container).append(2)
    assert find(container) == [1, 2]


@on_routes
def test_setdefault_returns_what_is_shared(subject: Subject, manager: Any) -> None:
    groups = manager.dict(deep=True)
    groups.setdefault("k", []).append(1)
    groups.setdefault("k", []).append(2)
    assert groups["k"] == [1, 2]


@on_routes
def test_cycles_and_what_is_there_twice_are_kept(subject: Subject, manager: Any) -> None:
    twice: list[Any] = [1]
    knot: dict[str, Any] = {"one": twice, "two": (twice, "x")}
    knot["me"] = knot
    shared = manager.dict(deep=True)
    shared["knot"] = knot
    shared["knot"]["one"].append(2)
    assert shared["knot"]["two"][0] == [1, 2]
    assert shared["knot"]["me"]["me"]["one"] == [1, 2]
    assert hash(shared["knot"]["me"]) == hash(shared["knot"])
    local = to_local(shared)["knot"]
    assert local["me"] is local
    assert local["two"][0] is local["one"]
    shared.update(a=twice, b=twice)
    shared["a"].append("both")
    assert shared["b"] == [1, "both"]
    pair = manager.list([twice, twice], deep=True)
    pair[0].append("both")
    assert pair[1] == [1, "both"]
    assert twice == [1], "the plain one is copied"
    del shared["knot"]["me"]


@on(FORK)  # on the way to a server, pickle has a limit
def test_structures_may_be_as_deep_as_they_like(subject: Subject, manager: Any) -> None:
    structure: Any = ["inner"]
    for _ in range(5_000):
        structure = [structure]
    shared = manager.dict(deep=True)
    shared["k"] = structure
    local = to_local(shared)["k"]
    for _ in range(5_000):
        (local,) = local
    assert local == ["inner"]
    shared["k"] = None


@on_routes
def test_many_ways_through_tuples_take_no_longer(subject: Subject, manager: Any) -> None:
    inner: list[int] = [1]
    structure: Any = (inner, inner)
    for _ in range(50):
        structure = (structure, structure)
    shared = manager.list(deep=True)
    shared.append(structure)
    local = to_local(shared)[0]
    for _ in range(51):
        assert local[0] is local[1]
        local = local[0]
    assert local == [1]


@on_routes
def test_what_is_no_plain_container_is_stored_as_it_is(subject: Subject, manager: Any) -> None:
    shared, inner = manager.dict(deep=True), manager.list([1])
    values = (1, None, "text", b"b", 1.5, (1, (2, "x")), frozenset({1}), collections.Counter("a"), 2**80)
    shared["values"] = values
    assert shared["values"] == values
    assert type(shared["values"][7]) is collections.Counter
    shared["proxy"] = inner
    shared["proxy"].append([2])
    assert inner == [1, [2]]
    assert type(inner[1]) is list, "it is deep only if it was made so"


@on_routes
def test_without_it_a_stored_list_is_a_copy(subject: Subject, manager: Any) -> None:
    words = manager.dict(k=[1])
    words["k"].append(2)
    assert words["k"] == [1]


@standard_library_fails("deep=True makes an item", on=(*ROUTES, STANDARD_FORK))
def test_the_keyword_deep_alone_makes_a_dict_deep(subject: Subject, manager: Any) -> None:
    assert manager.dict(deep=True).copy() == {}
    assert manager.dict({"a": 1}, deep=True).copy() == {"a": 1}


@on(*ROUTES, STANDARD_FORK)
def test_an_item_called_deep_can_be_given_otherwise(subject: Subject, manager: Any) -> None:
    assert manager.dict({"deep": True}).copy() == {"deep": True}
    assert manager.dict(deep=True, age=1).copy() == {"deep": True, "age": 1}
    assert manager.dict(deep=False).copy() == {"deep": False}
    assert manager.Namespace(deep=True).deep is True


@on_routes
def test_a_deep_object_can_have_a_name(subject: Subject, manager: Any) -> None:
    manager.dict(name="deep dict", deep=True)["k"] = [1]
    manager.list(name="deep list", deep=True).append([1])
    manager.get("deep dict")["k"].append(2)
    manager.get("deep list")[0].append(2)
    assert to_local(manager.get("deep dict")) == {"k": [1, 2]}
    assert to_local(manager.get("deep list")) == [[1, 2]]
    for name in ("deep dict", "deep list"):
        manager.remove(name)


@on_routes
def test_what_cannot_be_stored_stores_nothing_and_leaves_nothing(subject: Subject, manager: Any) -> None:
    before = objects(manager)
    shared = manager.dict(a=1)
    del shared
    shared = manager.dict({"a": 1}, deep=True)
    knot: list[Any] = [1, {"x": [2]}]
    knot.append(knot)
    knot.append(lambda: None)
    with pytest.raises(NotPicklable):
        shared["k"] = knot
    assert shared.copy() == {"a": 1}
    del shared
    until(lambda: objects(manager) == before)


@on(FORK)
def test_where_there_is_no_room_nothing_is_stored_and_nothing_is_left(subject: Subject, manager: Any) -> None:
    with subject.manager(arena_bytes_max=1 << 23) as small:
        shared = small.dict({"a": 1}, deep=True)
        before, used = objects(small), small.stats()["bytes_used"]
        knot: dict[int, Any] = {number: [bytes(1 << 16)] for number in range(1 << 10)}
        knot[-1] = knot
        with pytest.raises(ArenaFull):
            shared["k"] = knot
        assert shared.copy() == {"a": 1}
        until(lambda: objects(small) == before)
        assert small.stats()["bytes_used"] < used + (1 << 20)


@on(FORK, SERVED, TCP)
def test_what_is_replaced_or_removed_goes_with_all_that_is_in_it(subject: Subject, manager: Any) -> None:
    before = objects(manager)
    shared = manager.dict(deep=True)
    structure = {"list": [[number] for number in range(20)], "set": {1}, "dict": {"a": {"b": {}}}}
    for _ in range(5):
        shared["k"] = structure
        shared.setdefault("l", structure)
        shared.pop("l")
    assert objects(manager) == before + 1 + 1 + 21 + 1 + 3
    shared.clear()
    until(lambda: objects(manager) == before + 1)
    del shared
    until(lambda: objects(manager) == before)


PLAIN = st.recursive(
    st.none() | st.integers(-3, 3) | st.text("ab", max_size=2) | st.sets(st.integers(0, 3), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", max_size=1), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@on_routes
def test_the_copy_of_any_structure_is_that_structure(subject: Subject, manager: Any) -> None:
    shared = manager.list(deep=True)

    @settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(structure=PLAIN)
    def check(structure: Any) -> None:
        shared[:] = [structure, structure]
        local = to_local(shared)
        assert local == [structure, structure]
        assert repr(local) == repr([structure, structure])
        if isinstance(structure, list | dict | set):
            assert local[0] is local[1]

    check()
