"""Values that are pickled: which go the short way, and that those which must not do not."""

from collections import OrderedDict
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import pytest

from manor import _native
from manor._codec import pickles
from manor._resident.dicts import Dict
from tests.unit.resident.arenas import ARENA_BYTES, Hooks


class Color(IntEnum):
    RED = 1


class Text(str):
    """A str that may pickle as it likes."""

    __slots__ = ()


class Watching(Hooks):
    """Notes what goes the long way."""

    pickle = staticmethod(pickles.dumps_builtins)
    unpickle = staticmethod(pickles.loads_whole)

    def __init__(self) -> None:
        self.encoded: list[Any] = []

    def encode(self, value: Any, place: str) -> Sequence[pickles.Buffer]:
        self.encoded.append(value)
        return super().encode(value, place)


@pytest.fixture
def hooks() -> Watching:
    return Watching()


@pytest.fixture
def stored(hooks: Watching) -> Dict:
    return Dict(_native.Arena.create(ARENA_BYTES, "test", hooks))


SHARED: list[int] = [1]
LOOP: list[Any] = []
LOOP.append(LOOP)
DEEP: list[Any] = []
for _ in range(20):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        (), [], {}, set(), frozenset(), (1, "two", 3.0), {"a": None, 2: [True, b"x", 2**100]}, {1, "2", (3,)},
        frozenset({b""}), ["\ud800"], [*range(200)], ["x" * 100_000], {"a": {"b": {"c": [{"d": ()}]}}},
    ],
)  # fmt: skip
def test_what_is_made_of_built_in_types_is_pickled_at_once(value: Any, stored: Dict, hooks: Watching) -> None:
    stored["k"] = value
    assert stored["k"] == value
    assert type(stored["k"]) is type(value)
    assert hooks.encoded == []


@pytest.mark.parametrize(
    "value",
    [
        1j, ..., bytearray(b"x"), Color.RED, Text("x"), OrderedDict(a=1), [Color.RED], {"k": Text("x")}, {Text("x"): 1},
        (1, [2, {3: (OrderedDict(),)}]), {Color.RED}, frozenset({Color.RED}), DEEP, [*range(1000)],
    ],
)  # fmt: skip
def test_anything_else_in_it_has_all_of_it_go_the_long_way(value: Any, stored: Dict, hooks: Watching) -> None:
    stored["k"] = value
    assert stored["k"] == value
    assert type(stored["k"]) is type(value)
    assert hooks.encoded == [value]


def test_what_is_in_a_value_twice_is_in_its_copy_twice(stored: Dict) -> None:
    stored["k"] = [SHARED, SHARED]
    one, other = stored["k"]
    assert one is other
    assert one == SHARED


def test_a_list_that_is_in_itself_comes_back_as_one(stored: Dict) -> None:
    stored["k"] = LOOP
    found = stored["k"]
    assert found[0] is found
    assert len(found) == 1
