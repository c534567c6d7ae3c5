"""Objects with names: any process finds them, by every route, and a name holds its object."""

import gc
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

import pytest

from manor import NameInUse
from tests.conformance.children import Child
from tests.conformance.subjects import CONTAINERS, LIMIT_S, MANOR_FORK, MANOR_SPAWN, Subject, objects, until


@pytest.fixture(params=CONTAINERS, ids=lambda subject: str(subject.name))
def named(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A manager of the test's own: names are for all who use one."""
    subject: Subject = request.param
    with subject.manager() as manager:
        yield manager


MAKERS: list[Any] = [
    pytest.param("dict", (), lambda d: d.update(a=1), lambda d: d["a"] == 1, id="dict"),
    pytest.param("list", (), lambda x: x.append(1), lambda x: x[:] == [1], id="list"),
    pytest.param("set", (), lambda s: s.add(1), lambda s: 1 in s, id="set"),
    pytest.param("Value", ("i", 0), lambda v: v.set(1), lambda v: v.value == 1, id="Value"),
    pytest.param("Array", ("i", [0]), lambda a: a.__setitem__(0, 1), lambda a: a[0] == 1, id="Array"),
    pytest.param("deque", (), lambda q: q.append(1), lambda q: q[0] == 1, id="deque"),
    pytest.param("deque", ([0], 1), lambda q: q.append(1), lambda q: q.copy() == deque([1], 1), id="bounded deque"),
    pytest.param("Counter", ("ab",), lambda c: c.add("a"), lambda c: c["a"] == 2, id="Counter"),
    pytest.param("OrderedDict", (), lambda d: d.update(a=1), lambda d: d["a"] == 1, id="OrderedDict"),
    pytest.param("defaultdict", (list,), lambda d: d["a"].append(1), lambda d: d["a"][:] == [1], id="defaultdict"),
    pytest.param("defaultdict", (OrderedDict,), lambda d: d["a"], lambda d: "a" in d, id="served defaultdict"),
    pytest.param("ChainMap", ({"a": 0},), lambda m: m.update(a=1), lambda m: m["a"] == 1, id="ChainMap"),
    pytest.param("Queue", (1,), lambda q: q.put(1), lambda q: q.full(), id="Queue"),
    pytest.param("Event", (), lambda e: e.set(), lambda e: e.is_set(), id="Event"),
    pytest.param("Lock", (), lambda lock: lock.acquire(), lambda lock: not lock.acquire(False), id="Lock"),
    pytest.param("Semaphore", (1,), lambda s: s.acquire(), lambda s: not s.acquire(False), id="Semaphore"),
    pytest.param("Barrier", (1,), lambda b: b.abort(), lambda b: b.broken, id="Barrier"),
    pytest.param("Barrier", (1, print), lambda b: b.abort(), lambda b: b.broken, id="served Barrier"),
]


@pytest.mark.parametrize(("typeid", "args", "change", "is_changed"), MAKERS)
def test_a_named_object_is_found_again_and_outlives_its_proxies(
    named: Any, typeid: str, args: Any, change: Any, is_changed: Any
) -> None:
    made = getattr(named, typeid)(*args, name="scores")
    change(made)
    kind = type(made)
    del made
    gc.collect()
    found = named.get("scores")
    assert type(found) is kind
    assert is_changed(found)
    assert named.names() == ["scores"]


def test_a_name_that_is_taken_is_refused_for_another_type_or_contents(named: Any) -> None:
    scores = named.dict(name="scores")
    scores["a"] = 1
    assert named.dict(name="scores")["a"] == 1, "the same one, for whoever comes second"
    with pytest.raises(NameInUse, match="scores"):
        named.list(name="scores")
    with pytest.raises(NameInUse, match="scores"):
        named.list([1, 2], name="scores")
    with pytest.raises(FileExistsError):
        named.set(name="scores")
    assert named.names() == ["scores"]


def test_what_has_no_such_name_is_missing_and_get_may_have_a_default(named: Any) -> None:
    with pytest.raises(KeyError, match="scores"):
        named.get("scores")
    with pytest.raises(KeyError, match="scores"):
        named.remove("scores")
    assert named.get("scores", None) is None
    assert named.names() == []


@pytest.mark.parametrize("wrong", [1, None, b"scores"])
def test_a_name_that_is_no_str_is_refused(named: Any, wrong: Any) -> None:
    for use in (named.get, named.remove, lambda name: named.dict(name=name)):
        with pytest.raises(TypeError):
            use(wrong)


def test_the_empty_name_is_refused(named: Any) -> None:
    for use in (named.get, named.remove, lambda name: named.dict(name=name)):
        with pytest.raises(ValueError, match="empty"):
            use("")


def test_names_may_be_any_text_and_are_listed_oldest_first(named: Any) -> None:
    names = ["scores", "日本", "with space", "x" * 1_000, "a/b", "\0", "scores "]
    for name in names:
        named.list(name=name).append(name)
    assert named.names() == names
    assert all(named.get(name)[0] == name for name in names)


def test_removing_a_name_frees_the_object_when_nobody_holds_it(named: Any) -> None:
    before = objects(named)
    held = named.list(name="held")
    named.dict(name="dropped")
    gc.collect()
    assert objects(named) == before + 2
    named.remove("dropped")
    until(lambda: objects(named) == before + 1)
    named.remove("held")
    held.append(1)
    assert held[:] == [1]
    assert named.names() == []
    with pytest.raises(KeyError):
        named.get("held")
    assert named.list(name="held")[:] == [], "the name is free for another object"


def test_objects_in_named_containers_live_with_them(named: Any) -> None:
    before = objects(named)
    named.dict(name="outer")["inner"] = named.list([1, 2])
    gc.collect()
    assert named.get("outer")["inner"][:] == [1, 2]
    named.remove("outer")
    gc.collect()
    until(lambda: objects(named) == before)


def use_names(test: Any, manager_class: Any, address: Any, key: bytes, options: dict[str, Any]) -> None:
    manager = manager_class(address, key, **options)
    manager.connect()
    manager.get("from the test")["child"] = "was here"
    manager.list(name="from the child").append(7)
    test.send(manager.names())


@pytest.mark.parametrize("options", [{}, {"resident": False}], ids=["mapped", "through-the-server"])
@pytest.mark.parametrize("other", [MANOR_FORK, MANOR_SPAWN], ids=lambda subject: str(subject.name))
def test_other_processes_find_and_make_named_objects(named: Any, other: Subject, options: dict[str, Any]) -> None:
    shared = named.dict(name="from the test")
    with Child(other.context, use_names, type(named), named.address, bytes(named._authkey), options) as child:
        assert child.hear() == ["from the test", "from the child"]
        assert child.join() == 0
    assert shared["child"] == "was here"
    assert named.get("from the child")[:] == [7]


def race(test: Any, manager_class: Any, address: Any, key: bytes) -> None:
    manager = manager_class(address, key)
    manager.connect()
    test.send("ready")
    while number := test.recv():
        found = manager.list(name=f"race {number}")
        found.append(number)
        test.send(found._id if hasattr(found, "_handle") else None)


@pytest.mark.timeout(LIMIT_S)
def test_processes_that_make_one_name_at_once_get_one_object(named: Any) -> None:
    args = (type(named), named.address, bytes(named._authkey))
    with Child(MANOR_FORK.context, race, *args) as first, Child(MANOR_FORK.context, race, *args) as second:
        for child in (first, second):
            assert child.hear() == "ready"
        for number in range(1, 51):
            first.tell(number)
            second.tell(number)
            assert first.hear() == second.hear()
            assert named.get(f"race {number}")[:] == [number, number]
        for child in (first, second):
            child.tell(0)
            child.join()
