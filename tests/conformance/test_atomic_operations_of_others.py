"""Changing one value in one step, in objects that are no plain containers of the manager's, and in the server."""

import collections
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from manor import MISSING, NotExposed
from manor._proxy.resident.proxies import ResidentDict, ResidentList, ResidentValue
from manor._resident.dicts import Dict
from manor._resident.lists import List
from manor._resident.values import Value
from manor.managers import DictProxy, ListProxy, ValueProxy
from tests.conformance.holders import holders, increased, value_of
from tests.conformance.subjects import CONTAINERS, on, register


class Squares:
    """A mapping of the user's that makes its values anew each time that they are read."""

    def __init__(self) -> None:
        self._roots: dict[str, float] = {}

    def __getitem__(self, key: str) -> float:
        return self._roots[key] ** 2

    def __setitem__(self, key: str, value: float) -> None:
        if value < 0:
            raise ValueError("no root")
        self._roots[key] = value**0.5


class Variable:
    """As Squares: a value of the user's."""

    def __init__(self) -> None:
        self._text = "1000"

    def get(self) -> int:
        return int(self._text)

    def set(self, value: int) -> None:
        self._text = str(value)


class Doer:
    """Changes, in the server, what it gets a proxy of."""

    def do(self, proxy: Any, method: str, *args: Any) -> Any:
        return getattr(proxy, method)(*args)


ITEM_METHODS = ("__getitem__", "__setitem__")
register("Squares", Squares, DictProxy, exposed=ITEM_METHODS)
register("OpenVariable", Variable, ValueProxy)
register("DefaultDict", collections.defaultdict, DictProxy)
register("ReadableDict", dict, DictProxy, exposed=("__getitem__",))
register("ReadableList", list, ListProxy, exposed=("__getitem__",))
register("ReadableVariable", Variable, ValueProxy, exposed=("get",))
register("Doer", Doer)


@pytest.mark.parametrize("method", ["add", "update_with", "compare_and_set"])
def test_the_methods_are_the_same_however_the_object_is_reached(method: str) -> None:
    for mapped, face, served in (
        (ResidentDict, Dict, DictProxy),
        (ResidentList, List, ListProxy),
        (ResidentValue, Value, ValueProxy),
    ):
        assert getattr(mapped, method) is getattr(face, method)
        one, two = (inspect.signature(getattr(cls, method)).parameters.values() for cls in (face, served))
        assert [(p.name, p.kind, p.default) for p in one] == [(p.name, p.kind, p.default) for p in two]


@on(*CONTAINERS)
def test_what_an_object_does_not_expose_cannot_be_done_in_one_step_either(manager: Any) -> None:
    for holder, where in (
        (manager.ReadableDict(a=1), ("a",)),
        (manager.ReadableList([1]), (0,)),
        (manager.ReadableVariable(), ()),
    ):
        changes: tuple[Callable[[], Any], ...] = (
            lambda: holder.add(*where),  # noqa: B023
            lambda: holder.update_with(*where, increased),  # noqa: B023
            lambda: holder.compare_and_set(*where, 1, 2),  # noqa: B023
        )
        for change in changes:
            with pytest.raises(NotExposed):
                change()


@on(*CONTAINERS)
@pytest.mark.parametrize("special", ["#ITEM_ADD", "#VALUE_ADD"])
def test_objects_of_other_types_refuse(manager: Any, special: str) -> None:
    for proxy in (manager.Namespace(add=1), manager.set([1]), manager.Lock(), manager.Queue()):
        with pytest.raises(NotExposed):
            proxy._callmethod(special, ((), 1))


@on(*CONTAINERS)
def test_they_work_for_classes_of_the_user(manager: Any) -> None:
    squares, variable = manager.Squares(), manager.OpenVariable()
    squares["a"] = 1024.0
    assert squares.add("a", 272.0) == 1296.0
    assert squares.update_with("a", lambda value: value * 4) == 5184.0
    assert squares.compare_and_set("a", 5184.0, 4.0)
    assert squares.compare_and_set("b", MISSING, 4.0)
    with pytest.raises(ValueError, match="no root"):
        squares.add("a", -5.0)
    assert (squares["a"], squares["b"]) == (4.0, 4.0)
    assert (variable.add(1000), variable.update_with(increased)) == (2000, 2001)
    assert variable.compare_and_set(2001, 3000)
    assert variable.get() == 3000


@on(*CONTAINERS)
def test_a_defaultdict_is_not_made_to_have_a_key(manager: Any) -> None:
    numbers = manager.DefaultDict(list)
    assert not numbers.compare_and_set("a", [], 1)
    with pytest.raises(KeyError, match="'a'"):
        numbers.update_with("a", increased)
    assert len(numbers) == 0
    assert numbers.add("a", 2) == 2


@on(*CONTAINERS)
def test_they_work_for_proxies_in_the_server(manager: Any) -> None:
    doer = manager.Doer()
    for case in holders(manager, 1):
        holder, where = case
        assert doer.do(holder, "add", *where, 2) == 3
        assert doer.do(holder, "update_with", *where, increased) == 4
        assert doer.do(holder, "compare_and_set", *where, 4, 5)
        assert value_of(case) == 5
