"""Waiting for an object where that is not its own operation: in an iterator, to let go, to fork, to clean up."""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from manor import ObjectGone, _native
from manor._resident.lists import List
from tests.conformance.subjects import LIMIT_S, until
from tests.unit.resident.arenas import killed
from tests.unit.resident.test_waiting_for_objects import Objects, held, signal_to_a_waiter, sleepers
from tests.unit.resident.test_waiting_for_the_allocator import held_at

ITERATING: list[tuple[str, Callable[[Objects], list[Any]]]] = [
    ("dict", lambda on: list(on.dict._walk(0, False))),
    ("dict", lambda on: list(on.dict._walk(2, True))),
]


@pytest.mark.parametrize(("which", "steps"), ITERATING)
def test_other_threads_go_on_and_handlers_run_while_one_waits_in_an_iterator(
    which: str, steps: Callable[[Objects], list[Any]]
) -> None:
    on = Objects()
    iterator = iter(on.dict._walk(0, False))
    with held(on.arena, getattr(on, which)) as holder:
        with signal_to_a_waiter(on.arena, signal.default_int_handler), pytest.raises(KeyboardInterrupt):
            next(iterator)
        with signal_to_a_waiter(on.arena, lambda *_: holder.leave()):
            assert next(iterator) == "a"
    assert list(iterator) == []
    assert len(steps(on)) == 1


def test_two_threads_wait_in_one_iterator_and_each_item_comes_once() -> None:
    on = Objects()
    on.dict["b"] = 2
    iterator, got = on.dict._walk(0, False), list[Any]()
    with held(on.arena, on.dict) as holder:
        threads = [threading.Thread(target=lambda: got.append(next(iterator))) for _ in range(2)]
        for thread in threads:
            thread.start()
        until(lambda: sleepers(on.arena) >= 2)
        holder.leave()
        for thread in threads:
            thread.join(LIMIT_S)
    assert sorted(got) == ["a", "b"]


def in_a_thread(arena: _native.Arena, job: Callable[[], object]) -> threading.Thread:
    """Run *job* in a thread until it waits."""
    waits = sleepers(arena)
    thread = threading.Thread(target=job)
    thread.start()
    until(lambda: sleepers(arena) > waits)
    return thread


def test_other_threads_go_on_while_one_lets_go_of_an_object() -> None:
    on = Objects()
    dropped = [List(on.arena)]
    with held_at(on.arena, dropped[0]._handle[0]) as holder:
        thread = in_a_thread(on.arena, dropped.clear)
        assert thread.is_alive()
        on.dict["a"] = 2
        holder.leave()
        thread.join(LIMIT_S)
    assert len(on.arena.objects()) == 3


def test_an_object_that_comes_back_while_a_thread_lets_go_of_it_is_held() -> None:
    on = Objects()
    dropped = [List(on.arena)]
    handle = dropped[0]._handle
    with held_at(on.arena, dropped[0]._handle[0]) as holder:
        threads = [in_a_thread(on.arena, dropped.clear)]
        back = list[List]()

        def come_back() -> None:
            with suppress(ObjectGone):  # the one that let go came first
                back.append(List(on.arena, handle))

        threads.append(in_a_thread(on.arena, come_back))
        holder.leave()
        for thread in threads:
            thread.join(LIMIT_S)
    for each in back:
        each.append("held")
        assert each._getvalue() == ["held"]
    assert len(on.arena.objects()) == 3 + len(back)


def go_on_beside(on: Objects, operation: Callable[[], object]) -> None:
    """Assert that this thread goes on while another waits in *operation* for an object that is held."""
    with held(on.arena, on.list) as holder:
        thread = in_a_thread(on.arena, operation)
        on.dict["a"] = 2
        assert thread.is_alive()
        holder.leave()
        thread.join(LIMIT_S)
    assert not thread.is_alive()


def test_other_threads_go_on_while_one_is_about_to_fork() -> None:
    on = Objects()
    go_on_beside(on, on.arena.before_fork)


def test_other_threads_go_on_while_one_sweeps() -> None:
    on = Objects()
    killed(on.arena, lambda: on.dict.__setitem__("child", 1))
    go_on_beside(on, on.arena.sweep_dead)
    assert len(on.arena.processes()) == 1
