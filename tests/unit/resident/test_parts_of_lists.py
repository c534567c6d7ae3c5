"""Slices that are replaced or removed: what they cost, and that it is one step."""

from collections.abc import Sequence
from typing import Any

import pytest

from manor import ArenaFull, _native
from manor._codec import pickles
from manor._resident.lists import List
from tests.unit.resident.arenas import Hooks, make_arena


class Counting(Hooks):
    """Counts what is encoded."""

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, value: Any, place: str) -> Sequence[pickles.Buffer]:
        self.encoded += 1
        return super().encode(value, place)


@pytest.mark.parametrize("part", [slice(3, 5), slice(0, 400), slice(-2, None), slice(None, 7), slice(450, 400)])
@pytest.mark.parametrize("count", [0, 2, 30])
def test_only_new_values_are_encoded(part: slice, count: int) -> None:
    hooks = Counting()
    x = List(_native.Arena.create(1 << 24, "test", hooks))
    model: list[Any] = [(number,) for number in range(500)]
    x.extend(model)
    hooks.encoded = 0
    if count:
        x[part] = model[part] = [("new", number) for number in range(count)]
    else:
        del x[part], model[part]
    assert hooks.encoded == count
    assert x._getvalue() == model


class WithoutPop(List):
    """A list whose items go otherwise."""

    __slots__ = ()

    def pop(self, *_: object) -> Any:
        raise AssertionError("one after the other")


def test_in_a_full_arena_a_few_items_go_at_one_moment() -> None:
    arena = _native.Arena.create(1 << 21, "test", Hooks())
    x, filler = WithoutPop(arena), List(arena)
    x.extend(range(100))
    for size in (4000, 100, 20):
        with pytest.raises(ArenaFull):
            while True:
                filler.append("x" * size)
    version = x._version()
    del x[10:14]
    assert x._getvalue() == [*range(10), *range(14, 100)]
    assert x._version() - version <= 16  # moves of the gap, which nobody sees, and one change


@pytest.mark.parametrize("bad", ["1", 1.5, object()])
def test_ends_of_slices_are_refused_as_the_built_in_does(bad: Any) -> None:
    x = List(make_arena())
    x.extend([1, 2])
    for part in (slice(bad, None), slice(None, bad)):
        with pytest.raises(TypeError) as ours:
            x[part] = []
        with pytest.raises(TypeError) as theirs:
            [1, 2][part] = []
        assert str(ours.value) == str(theirs.value)
    x[-(10**30) : 10**30] = [3]
    assert x._getvalue() == [3]
