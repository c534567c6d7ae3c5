"""The arena's array is as that of the array module."""

import array
import operator
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor import _native
from manor._resident.arrays import Array
from tests.unit.resident.arenas import in_children, make_arena, outcome

CODES = "bBhHiIlLqQfd"
ITEMS: list[Any] = [
    0, 1, -1, 127, 128, -128, 255, 256, 2**15, 2**31, 2**63, 2**64, -(2**63) - 1,
    True, 0.5, 0.1, 1e300, "x", "xy", None, [], 1j
]  # fmt: skip
SHARED = make_arena()


def both(code: str, items: Any) -> tuple[Array, "array.array[Any]"]:
    return Array.create(SHARED, code, items), array.array(code, items)


@pytest.fixture(autouse=True)
def unicode_arrays_are_still_there() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The 'u' type code", DeprecationWarning)
        yield


@pytest.mark.parametrize("code", [*CODES, "u"])
def test_items_are_coerced_and_checked_as_the_array_module_does(code: str) -> None:
    first = "a" if code == "u" else 1
    for item in ITEMS:
        face, model = both(code, [first, first])
        for index in (0, -1, 2, -3, "x", 1.0):
            expected = outcome(operator.setitem, model, index, item)
            assert outcome(operator.setitem, face, index, item) == expected
            assert repr(face) == repr(model)
        assert outcome(Array.create, SHARED, code, [item])[1:] == outcome(array.array, code, [item])[1:] or (
            repr(Array.create(SHARED, code, [item])) == repr(array.array(code, [item]))
        )


INDEX = st.integers(-5, 5)
PARTS = st.builds(slice, st.none() | INDEX, st.none() | INDEX, st.none() | st.sampled_from([-2, -1, 1, 2]))


@given(st.sampled_from("bHld"), st.lists(st.integers(0, 9), max_size=6), PARTS, st.lists(st.integers(0, 9), max_size=4))
def test_slices_are_arrays_and_take_arrays(code: str, items: list[int], part: slice, values: list[int]) -> None:
    face, model = both(code, items)
    assert (face[part], type(face[part])) == (model[part], array.array)
    for given_values in (array.array(code, values), array.array("B", values), values, tuple(values), "text", None, 5):
        assert outcome(operator.setitem, face, part, given_values) == outcome(
            operator.setitem, model, part, given_values
        )
        assert repr(face) == repr(model)


def test_an_array_of_the_arena_can_be_stored_into_another_or_itself() -> None:
    face, model = both("i", [1, 2, 3])
    face[1:2] = face
    model[1:2] = model
    other, _ = both("i", [7])
    face[:1] = other
    model[:1] = array.array("i", [7])
    assert face[:] == model


MISUSES: list[Callable[[Any], Any]] = [
    lambda a: a[9],
    lambda a: a[-9],
    lambda a: a["x"],
    lambda a: a[1.0],
    lambda a: a[None],
    lambda a: a[2**70],
    lambda a: operator.setitem(a, 2**70, 1),
]


@pytest.mark.parametrize("number", range(len(MISUSES)))
def test_misuse_raises_what_the_array_module_raises(number: int) -> None:
    face, model = both("i", [1, 2])
    expected = outcome(MISUSES[number], model)
    assert (outcome(MISUSES[number], face), expected[0]) == (expected, "raises")


def test_an_array_is_made_as_those_of_the_module_are() -> None:
    given_arguments: list[tuple[Any, ...]] = [("z", []), ("i", ["x"]), ("b", [200]), ("i", None), (1, [])]
    for args in given_arguments:
        expected = outcome(array.array, *args)
        assert outcome(Array.create, SHARED, *args) == expected
    with pytest.raises(TypeError, match=r"^'int' object is not iterable: .* write Array\('i', \[0\] \* 5\)"):
        Array.create(SHARED, "i", 5)  # type: ignore[arg-type]  # the mistake
    assert repr(Array.create(SHARED, "b", b"ab")) == "array('b', [97, 98])"
    assert repr(Array.create(SHARED, "d", range(2))) == "array('d', [0.0, 1.0])"
    assert repr(Array.create(SHARED, "u", "ab")) == "array('u', 'ab')"
    assert repr(Array.create(SHARED, "q", [])) == "array('q')"


def test_it_has_what_arrays_of_managers_have_and_no_more() -> None:
    face: Any = Array.create(SHARED, "i", [3, 4])
    assert (len(face), list(face), face[-1], 4 in face, 5 in face, face.typecode) == (2, [3, 4], 4, True, False, "i")
    for name in ("append", "extend", "insert", "pop", "clear"):
        with pytest.raises(AttributeError, match=name):
            getattr(face, name)
    with pytest.raises(TypeError, match="deletion"):
        del face[0]


def test_two_processes_write_into_one_array(arena: _native.Arena) -> None:
    face = Array.create(arena, "q", [0] * 100)
    again = Array(arena, face._handle)

    def work() -> None:
        for index in range(100):
            again[index] = index
            again[:0] = array.array("q")

    in_children(arena, work, 2)
    assert face[:] == array.array("q", range(100))
