"""Watches: who watches a container is told of its changes, and of nothing else, until the watch is closed."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from manor import _native
from manor._resident.dicts import Dict
from manor._resident.lists import List
from manor._resident.sets import Set
from manor._resident.values import Value
from manor._resident.watching import Watch
from tests.unit.resident.arenas import in_children, make_arena

SOON_S = 30.0  # what is told is told at once


@pytest.fixture
def arena() -> _native.Arena:
    return make_arena()


def filled(arena: _native.Arena) -> Dict:
    numbers = Dict(arena)
    numbers["a"] = 1
    return numbers


READING: list[Callable[[Any], object]] = [
    len,
    dict,
    lambda numbers: numbers["a"],
    lambda numbers: numbers.get("b"),
    lambda numbers: "b" in numbers,
    lambda numbers: numbers.items(),
    lambda numbers: numbers.setdefault("a", 2),
    lambda numbers: numbers.pop("b", None),
    lambda numbers: numbers.compare_and_set("a", 5, 6),
    lambda numbers: numbers._lease(1.0),
    lambda numbers: Dict(numbers._arena, numbers._handle),
    Watch,
]


@pytest.mark.parametrize("read", READING)
def test_what_changes_nothing_is_not_told(arena: _native.Arena, read: Callable[[Any], object]) -> None:
    numbers = filled(arena)
    watch = Watch(numbers)
    read(numbers)
    assert not watch.wait(0)
    numbers["a"] = 2
    assert watch.wait(SOON_S)
    assert not watch.wait(0)


def test_several_changes_before_a_wait_are_told_once(arena: _native.Arena) -> None:
    numbers = filled(arena)
    watch, late = Watch(numbers), None
    for number in range(5):
        numbers["b"] = number
        late = late or Watch(numbers)
    assert late is not None
    assert (watch.wait(), late.wait(), watch.wait(0), late.wait(0.01)) == (True, True, False, False)


def test_a_watch_of_one_container_is_not_told_of_another(arena: _native.Arena) -> None:
    numbers, others = filled(arena), [filled(arena), List(arena), Set(arena), Value(arena)]
    watches = [Watch(other) for other in others]
    numbers["a"] = 2
    assert not any(watch.wait(0) for watch in watches)


def test_only_containers_can_be_watched(arena: _native.Arena) -> None:
    for other in (_native.Event(arena), _native.Mutex(arena), _native.Queue(arena)):
        with pytest.raises(TypeError):
            Watch(other)
    assert arena.waits() == []


def test_a_watch_that_is_closed_or_dropped_is_in_nobodys_way(arena: _native.Arena) -> None:
    numbers = filled(arena)
    kept, closed = Watch(numbers), Watch(numbers)
    assert [handle for handle, _ in arena.waits()] == [numbers._handle] * 2
    closed.close()
    closed.close()
    assert len(arena.waits()) == 1
    del kept
    assert arena.waits() == []
    numbers["a"] = 2


def test_a_forked_child_does_not_end_its_parents_watch(arena: _native.Arena) -> None:
    numbers = filled(arena)
    watch = Watch(numbers)
    in_children(arena, watch.close, 1)
    assert len(arena.waits()) == 1
    numbers["a"] = 2
    assert watch.wait(SOON_S)


def test_a_wait_costs_no_processor_time(arena: _native.Arena) -> None:
    watch = Watch(filled(arena))
    began = time.process_time()
    assert not watch.wait(0.5)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("timeout", [float("nan"), 1e10, "soon"])
def test_an_impossible_time_is_refused(arena: _native.Arena, timeout: Any) -> None:
    with pytest.raises((ValueError, OverflowError, TypeError)):
        Watch(filled(arena)).wait(timeout)
