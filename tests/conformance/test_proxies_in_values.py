"""Proxies in values are references: what they stand for lives as long as the value, wherever in it they are."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.subjects import MANOR_FORK, MANOR_SPAWN, Subject, objects, on, until

WRAPS: list[Any] = [
    pytest.param(lambda proxy: proxy, lambda value: value, id="itself"),
    pytest.param(lambda proxy: (1, proxy), lambda value: value[1], id="in-a-tuple"),
    pytest.param(lambda proxy: {"k": [proxy]}, lambda value: value["k"][0], id="in-a-list-in-a-dict"),
    pytest.param(lambda proxy: (proxy, bytes(50_000), proxy), lambda value: value[2], id="twice-in-a-long-value"),
]
MAKERS: list[Any] = [
    pytest.param(lambda m: m.list(["inner"]), lambda proxy: proxy[0] == "inner", id="resident"),
    pytest.param(lambda m: m.Queue(), lambda proxy: proxy.empty(), id="served"),
]
Make = Callable[[Any], Any]


def at_rest(manager: Any) -> int:
    """How many objects there are, when nobody refers to what can go."""
    found = objects(manager)
    until(lambda: objects(manager) == found)
    return found


@pytest.mark.parametrize(("wrap", "unwrap"), WRAPS)
@pytest.mark.parametrize(("make", "works"), MAKERS)
@pytest.mark.parametrize("remove", ["delete", "overwrite", "pop", "clear", "drop"])
@on(MANOR_FORK)
def test_an_object_in_a_value_lives_until_the_value_is_gone(
    subject: Any, manager: Any, make: Make, works: Make, wrap: Make, unwrap: Make, remove: str
) -> None:
    before = objects(manager)
    outer = manager.dict()
    inner = make(manager)
    outer["k"] = wrap(inner)
    del inner
    gc.collect()
    assert works(unwrap(outer["k"]))
    assert objects(manager) == before + 2
    if remove == "delete":
        del outer["k"]
    elif remove == "overwrite":
        outer["k"] = None
    elif remove == "pop":
        popped = outer.pop("k")
        assert works(unwrap(popped))
        del popped
    elif remove == "clear":
        outer.clear()
    else:
        del outer
    until(lambda: objects(manager) == before + (remove != "drop"))


@pytest.mark.parametrize(("make", "works"), MAKERS)
@on(MANOR_FORK)
def test_an_object_that_two_containers_refer_to_outlives_the_first(
    subject: Any, manager: Any, make: Make, works: Make
) -> None:
    before = objects(manager)
    first, second = manager.list(), manager.dict()
    inner = make(manager)
    first.append(inner)
    second["k"] = (inner,)
    del inner
    del first
    gc.collect()
    assert works(second["k"][0])
    second.clear()
    del second
    until(lambda: objects(manager) == before)


def fill(test: Any, outer: Any, manager: Any) -> None:
    outer["list"] = manager.list([1, 2])
    outer["queue"] = {"in": manager.Queue()}
    outer["queue"]["in"].put("from the child")
    test.send("done")


@pytest.mark.parametrize("other", [MANOR_FORK, MANOR_SPAWN], ids=lambda subject: str(subject.name))
@on(MANOR_FORK)
def test_what_another_process_made_and_stored_outlives_it(subject: Any, manager: Any, other: Subject) -> None:
    outer = manager.dict()
    before = objects(manager)
    with Child(other.context, fill, outer, Creator(manager)) as child:
        assert child.hear() == "done"
        assert child.join() == 0
    assert list(outer["list"]) == [1, 2]
    assert outer["queue"]["in"].get() == "from the child"
    assert objects(manager) == before + 2
    outer.clear()
    until(lambda: objects(manager) == before)


class Creator:
    """What a child needs of a manager, in a form that can be sent."""

    def __init__(self, manager: Any) -> None:
        self._manager_class, self._address, self._key = type(manager), manager.address, bytes(manager._authkey)

    def __getattr__(self, typeid: str) -> Any:
        if typeid.startswith("_"):
            raise AttributeError(typeid)
        manager = self._manager_class(self._address, self._key)
        manager.connect()
        return getattr(manager, typeid)


@on(MANOR_FORK)
def test_a_container_may_hold_itself(subject: Any, manager: Any) -> None:
    d, x = manager.dict(), manager.list()
    d["self"] = d
    d["both"] = (d, x)
    x.extend([x, d])
    assert d["self"]["self"]["both"][1][0][1] == d
    assert x[0][0] == x
    for each in (d, x):
        assert str(each)
        assert repr(each)
        assert each.copy()
    d.clear()
    x.clear()
    assert len(d) == len(x) == 0
