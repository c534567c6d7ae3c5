"""Values and namespaces of the arena."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor import _native
from manor._resident.values import Namespace, Value
from tests.unit.resident.arenas import in_children, make_arena


@pytest.fixture
def value(arena: _native.Arena) -> Value:
    return Value.create(arena, "i", 1)


# Value


@given(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(), st.lists(st.booleans())))
def test_a_value_is_what_it_was_set_to(stored: Any) -> None:
    value = Value.create(make_arena(), "i", stored)
    assert (value.get(), value.value) == (stored, stored)
    assert type(value.get()) is type(stored)


def test_get_and_set_and_the_property_are_the_same(value: Value) -> None:
    value.set("hello")
    assert value.value == "hello"
    value.value = [2]
    assert value.get() == [2]


def test_a_value_shows_its_typecode_if_that_is_a_character(arena: _native.Arena, value: Value) -> None:
    assert repr(value) == "Value('i', 1)"
    assert repr(Value.create(arena, "é", None)) == "Value('é', None)"
    assert repr(Value.create(arena, int, "x")) == "Value(..., 'x')"
    assert repr(Value(arena, value._handle)) == "Value('i', 1)"


@pytest.mark.parametrize(
    ("stored", "amount", "total"), [(1, 2, 3), (2**63 - 1, 1, 2**63), (1, 0.5, 1.5), (True, 1, 2), (Decimal(1), 1, 2)]
)
def test_add_adds_whatever_can_be_added(value: Value, stored: Any, amount: Any, total: Any) -> None:
    value.set(stored)
    assert value.add(amount) == total == value.get()


def test_add_adds_one_by_default(value: Value) -> None:
    assert (value.add(), value.add()) == (2, 3)
    value.set("text")
    with pytest.raises(TypeError):
        value.add()


def test_update_with_runs_again_when_the_value_was_changed_meanwhile(value: Value) -> None:
    def double(seen: int) -> int:
        if seen < 10:
            value.set(seen + 1)
        return seen * 2

    assert value.update_with(double) == 20 == value.get()


def test_a_function_that_always_changes_the_value_itself_is_an_error(value: Value) -> None:
    with pytest.raises(RuntimeError, match="the function itself"):
        value.update_with(lambda _: value.add())


def test_compare_and_set_compares_by_value(value: Value) -> None:
    assert value.compare_and_set(1.0, [1])
    assert not value.compare_and_set(1, 2)
    assert value.compare_and_set([1], None)
    assert value.get() is None


def test_what_two_processes_add_adds_up(arena: _native.Arena, value: Value) -> None:
    value.set(0)
    other = Value.create(arena, "d", 0.0)

    def work() -> None:
        for _ in range(3000):
            value.add()
            other.add(0.5)

    in_children(arena, work, 2)
    assert (value.get(), other.get()) == (6000, 3000.0)


# Namespace


def namespace(arena: _native.Arena, /, **attributes: Any) -> Namespace:
    space = Namespace(arena)
    for name, value in attributes.items():
        space._store(name, value)
    return space


def test_attributes_are_set_read_and_deleted(arena: _native.Arena) -> None:
    space: Any = namespace(arena, x=1, items="taken", get=2, copy=3)
    space.y = [1]
    del space.x
    assert (space.y, space.items, space.get, space.copy) == ([1], "taken", 2, 3)
    for name in ("x", "keys"):
        with pytest.raises(AttributeError, match=name):
            getattr(space, name)
    with pytest.raises(AttributeError):
        del space.x
    assert hasattr(space, "y")
    assert not hasattr(space, "z")


def test_the_methods_that_the_server_calls_by_name_are_there(arena: _native.Arena) -> None:
    space: Any = Namespace(arena)
    space.__setattr__("x", 1)
    assert space.__getattribute__("x") == 1
    space.__delattr__("x")
    assert not hasattr(space, "x")


def test_a_namespace_shows_its_public_attributes_in_order(arena: _native.Arena) -> None:
    assert repr(namespace(arena, b=1, a="x", _hidden=2)) == "Namespace(a='x', b=1)"
    assert repr(Namespace(arena)) == "Namespace()"


def test_a_namespace_is_no_container(arena: _native.Arena) -> None:
    space: Any = namespace(arena, x=1)
    for misuse in (iter, len, list, reversed, lambda s: s["x"], lambda s: "x" in s):
        with pytest.raises(TypeError):
            misuse(space)
    assert bool(space)
    assert bool(Namespace(arena))


def test_a_namespace_is_the_same_in_other_processes(arena: _native.Arena) -> None:
    space: Any = Namespace(arena)

    def work() -> None:
        space.x = "from the child"

    in_children(arena, work, 1)
    assert space.x == "from the child"
