"""Namespaces: attributes of any name, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.subjects import (
    CHEAP,
    CONTAINERS,
    MANOR_FORK,
    MANOR_SERVED,
    MANOR_TCP,
    STANDARD_FORK,
    Subject,
    on,
)

MISUSES: dict[str, Callable[[Any], object]] = {
    "len": len,
    "iter": iter,
    "reversed": reversed,
    "in": lambda space: "a" in space,
    "item": lambda space: space["a"],
}


@on(*CHEAP)
def test_names_are_read_set_and_deleted(subject: Subject, manager: Any) -> None:
    space = manager.Namespace(a=1, self=2, items=3, value=4)
    assert (space.a, space.self, space.items, space.value) == (1, 2, 3, 4)
    space.append = 5
    del space.items
    assert (space.append, hasattr(space, "items")) == (5, False)
    for act in (lambda: space.items, lambda: delattr(space, "items")):
        with pytest.raises(AttributeError, match=r"^'Namespace' object has no attribute 'items'"):
            act()
    assert str(space) == "Namespace(a=1, append=5, self=2, value=4)"


@on(MANOR_FORK, MANOR_SERVED, STANDARD_FORK)
def test_names_with_an_underscore_are_the_proxys_own(subject: Subject, manager: Any) -> None:
    space = manager.Namespace(_hidden=1, b=2)
    with pytest.raises(AttributeError, match="_hidden"):
        _ = space._hidden
    assert space._callmethod("__getattribute__", ("_hidden",)) == 1
    space._mine = 3
    assert space._mine == 3
    with pytest.raises(AttributeError):
        space._callmethod("__getattribute__", ("_mine",))
    space._callmethod("__setattr__", ("_hidden", 4))
    assert space._callmethod("__getattribute__", ("__dict__",)) == {"_hidden": 4, "b": 2}
    space._callmethod("__delattr__", ("_hidden",))
    assert str(space) == "Namespace(b=2)"


@on(*CHEAP)
@pytest.mark.parametrize("misuse", MISUSES)
def test_it_is_no_container(subject: Subject, manager: Any, misuse: str) -> None:
    space = manager.Namespace(a=1)
    assert space
    with pytest.raises(TypeError, match="'NamespaceProxy'"):
        MISUSES[misuse](space)
    assert [name for name in dir(space) if not name.startswith("_")] == []


@on(MANOR_FORK, MANOR_SERVED, MANOR_TCP)
def test_it_is_made_of_keywords_only(subject: Subject, manager: Any) -> None:
    for argument in (1, {"a": 1}):
        with pytest.raises(TypeError, match=r"^Namespace\.__init__\(\) takes 1 positional argument but 2 were given"):
            manager.Namespace(argument)


@on(*CONTAINERS)
def test_a_value_is_set_by_its_name_too(subject: Subject, manager: Any) -> None:
    value = manager.Value("i", 1)
    value.set(value=7)
    assert value.get() == 7
