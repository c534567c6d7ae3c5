"""Waiting for the allocator, which another process has and does not leave: this process goes on meanwhile."""

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from manor import _native
from manor._resident.lists import List
from tests.conformance.subjects import LIMIT_S, until
from tests.unit.resident.arenas import killed
from tests.unit.resident.test_waiting_for_objects import (
    Holder,
    Interrupt,
    Objects,
    held,
    signal_to_a_waiter,
    sleepers,
    stop_inside,
)

_ALLOCATOR = 4096
"""Where an arena has its allocator; as in an object, the second word is the lock."""
_LARGE = "x" * 100_000


class _Place:
    """What `Holder` needs to know of an object, and nothing that holds it."""

    def __init__(self, at: int) -> None:
        self._handle = (at, 0)


@contextmanager
def held_at(arena: _native.Arena, at: int) -> Iterator[Holder]:
    """Have a thread of another process hold the object there, and not go on."""
    with held(arena, _Place(at)) as holder:  # type: ignore[arg-type]
        yield holder


@contextmanager
def held_allocator(arena: _native.Arena) -> Iterator[Holder]:
    """Have a thread of another process hold the allocator, which does not go on."""
    with held_at(arena, _ALLOCATOR) as holder:
        yield holder


@contextmanager
def stopped_in_the_allocator(arena: _native.Arena) -> Iterator[int]:
    """A process that is stopped while it has the allocator; kill it, or have it go on."""
    busy = List(arena)
    arena.before_fork()
    pid = os.fork()
    if not pid:
        arena.after_fork_in_child()
        while True:
            busy.append(_LARGE)
            busy.pop()
    try:
        stop_inside(arena, pid, _ALLOCATOR + 8)
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def has_sleepers(arena: _native.Arena) -> bool:
    """Whether somebody sleeps until the allocator is free, by the bit that says so in its lock word."""
    return bool(os.pread(arena.fileno(), 4, _ALLOCATOR + 8)[3] & 0x80)


ALLOCATING: list[Callable[[Objects], object]] = [
    lambda on: on.dict.__setitem__("large", _LARGE),
    lambda on: on.dict.__setitem__(_LARGE, 1),
    lambda on: on.dict.__setitem__("new slab", "x" * 20_000),
    lambda on: on.list.append(_LARGE),
    lambda on: on.list.extend([_LARGE] * 3),
    lambda on: on.list.__setitem__(0, [_LARGE]),
    lambda on: on.value.set(_LARGE),
]


@pytest.mark.parametrize("operation", ALLOCATING)
def test_other_threads_go_on_while_one_waits_for_the_allocator(operation: Callable[[Objects], object]) -> None:
    on = Objects()
    with held_allocator(on.arena) as holder:
        thread = threading.Thread(target=operation, args=(on,))
        thread.start()
        until(lambda: sleepers(on.arena) == 1)
        assert thread.is_alive()
        on.dict["a"] = 2  # needs no room
        on.list.append("short")
        assert (on.dict["a"], on.list[-1]) == (2, "short")
        holder.leave()
        thread.join(LIMIT_S)
        assert not thread.is_alive()


@pytest.mark.parametrize("operation", ALLOCATING)
def test_a_handler_that_raises_ends_the_wait_for_the_allocator_and_nothing_was_done(
    operation: Callable[[Objects], object],
) -> None:
    on = Objects()
    before, used = on.contents(), on.arena.stats()["bytes_used"]

    def interrupt(*_: object) -> None:
        raise Interrupt

    with held_allocator(on.arena):
        with signal_to_a_waiter(on.arena, interrupt), pytest.raises(Interrupt):
            operation(on)
        assert on.contents() == before
    assert on.arena.stats()["bytes_used"] == used
    operation(on)
    assert on.contents() != before


def test_small_blocks_are_allocated_while_another_thread_waits_for_a_slab() -> None:
    on = Objects()
    on.dict["b"] = "y" * 100
    with held_allocator(on.arena) as holder:
        thread = threading.Thread(target=on.dict.__setitem__, args=("new slab", "x" * 20_000))
        thread.start()
        until(lambda: sleepers(on.arena) == 1)
        on.dict["b"] = "z" * 100
        assert on.dict["b"] == "z" * 100
        assert thread.is_alive()
        holder.leave()
        thread.join(LIMIT_S)
    assert on.dict["new slab"] == "x" * 20_000


def test_control_c_ends_the_wait_for_a_process_that_was_stopped_in_the_allocator() -> None:
    on = Objects()
    with stopped_in_the_allocator(on.arena) as pid:
        with signal_to_a_waiter(on.arena, signal.default_int_handler), pytest.raises(KeyboardInterrupt):
            on.dict["large"] = _LARGE
        with signal_to_a_waiter(on.arena, lambda *_: os.kill(pid, signal.SIGCONT)):
            on.dict["large"] = _LARGE
    assert on.dict["large"] == _LARGE


def test_who_removes_a_large_value_does_not_wait_for_the_allocator_and_its_memory_comes_back() -> None:
    on = Objects()
    for number in range(8):
        on.dict[number] = _LARGE
    full = on.arena.stats()["bytes_used"]
    with held_allocator(on.arena):
        before = on.arena.chores()
        for number in range(8):
            del on.dict[number]
        assert on.dict.items() == [("a", 1)]
        assert on.arena.chores() != before  # whoever cleans up is told
    backed = on.arena.stats()["bytes_backed"]
    assert on.arena.trim() > 0
    assert on.arena.stats()["bytes_used"] <= full - 8 * len(_LARGE)
    assert on.arena.stats()["bytes_backed"] <= backed - 8 * len(_LARGE)


def test_a_buffer_that_is_stored_outlives_the_wait_for_the_allocator() -> None:
    on = Objects()
    with held_allocator(on.arena) as holder:

        def collect(*_: object) -> None:
            gc.collect()
            holder.leave()

        with signal_to_a_waiter(on.arena, collect):
            on.dict["b"] = bytes(100_000)
            on.dict["c"] = [bytearray(100_000)]
    assert (on.dict["b"], on.dict["c"]) == (bytes(100_000), [bytearray(100_000)])


def test_a_child_that_is_forked_while_another_thread_waits_in_trim_can_allocate() -> None:
    on = Objects()
    values = List(on.arena)
    values.extend(["x" * 20_000] * 100)  # slabs of their own
    with held_allocator(on.arena) as holder:
        values.clear()
        thread = threading.Thread(target=on.arena.trim)
        thread.start()
        until(lambda: has_sleepers(on.arena))

        def work() -> None:
            holder.leave()
            on.dict["child"] = "z" * 100
            on.dict["large"] = _LARGE

        killed(on.arena, work)
        thread.join(LIMIT_S)
        assert not thread.is_alive()
    assert (on.dict["child"], on.dict["large"]) == ("z" * 100, _LARGE)
