"""Waiting for an object whose holder does not go on: other threads run, signal handlers run, and may end the wait."""

import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from manor import _native
from manor._resident.dicts import Dict
from manor._resident.lists import List
from manor._resident.values import Value
from tests.conformance.subjects import LIMIT_S, until
from tests.unit.resident.arenas import make_arena

_LOCK = 8
"""Where an object has its lock word: the id of the thread that holds it."""


class Holder:
    """Plays a thread that was stopped while it held an object: its id is in the lock word."""

    def __init__(self, arena: _native.Arena, held: _native.Object) -> None:
        self._fd, self._at = arena.fileno(), held._handle[0] + _LOCK
        # A live process, in the middle of nothing.
        self._process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        os.pwrite(self._fd, struct.pack("<I", self._process.pid), self._at)

    def leave(self) -> None:
        """Go on, and leave the object."""
        os.pwrite(self._fd, struct.pack("<I", 0), self._at)

    def end(self) -> None:
        self.leave()
        self._process.communicate(b"\n")


@contextmanager
def held(arena: _native.Arena, one: _native.Object) -> Iterator[Holder]:
    holder = Holder(arena, one)
    try:
        yield holder
    finally:
        holder.end()


def sleepers(arena: _native.Arena) -> int:
    return arena.stats()["contended_waits"]


class Objects:
    """One object of each kind, with contents."""

    def __init__(self) -> None:
        self.arena = make_arena()
        self.dict, self.list, self.value = Dict(self.arena), List(self.arena), Value(self.arena)
        self.dict["a"] = 1
        self.list.extend(range(200))
        self.value.set(1)

    def contents(self) -> list[Any]:
        return [self.dict.items(), self.list._getvalue(), self.value.get()]


OPERATIONS: list[tuple[str, Callable[[Objects], object]]] = [
    ("dict", lambda on: on.dict.__setitem__("a", 2)),
    ("dict", lambda on: on.dict.__setitem__("b", "x" * 100)),
    ("dict", lambda on: on.dict.__setitem__("l", on.list)),
    ("dict", lambda on: on.dict.pop("a")),
    ("dict", lambda on: on.dict.add("a", 1)),
    ("dict", lambda on: on.dict.popitem()),
    ("dict", lambda on: on.dict.clear()),
    ("list", lambda on: on.dict.__setitem__("l", on.list)),
    ("list", lambda on: on.list.append("x" * 100)),
    ("list", lambda on: on.list.extend(["x" * 100] * 500)),
    ("list", lambda on: on.list.__setitem__(0, "x" * 100_000)),
    ("list", lambda on: on.list.insert(3, [1])),
    ("list", lambda on: on.list.pop()),
    ("list", lambda on: on.list.reverse()),
    ("list", lambda on: on.list.clear()),
    ("value", lambda on: on.value.set("x" * 100)),
]


@pytest.mark.parametrize(("which", "operation"), OPERATIONS)
def test_other_threads_go_on_while_one_waits(which: str, operation: Callable[[Objects], object]) -> None:
    on = Objects()
    with held(on.arena, getattr(on, which)) as holder:
        thread = threading.Thread(target=operation, args=(on,))
        thread.start()
        until(lambda: sleepers(on.arena) == 1)
        assert thread.is_alive()
        before = on.value.get() if which != "value" else on.dict["a"]
        assert before == 1
        holder.leave()
        thread.join(LIMIT_S)
        assert not thread.is_alive()


class Interrupt(Exception):
    """What the handler of a test raises."""


@contextmanager
def signal_to_a_waiter(arena: _native.Arena, handler: Callable[..., object]) -> Iterator[None]:
    """Have a signal handled by *handler* as soon as this thread waits for an object."""
    before = signal.signal(signal.SIGUSR1, handler)
    waits = sleepers(arena)

    def send() -> None:
        until(lambda: sleepers(arena) > waits)
        os.kill(os.getpid(), signal.SIGUSR1)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join(LIMIT_S)
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(("which", "operation"), OPERATIONS)
def test_a_handler_that_raises_ends_the_wait_and_nothing_was_done(
    which: str, operation: Callable[[Objects], object]
) -> None:
    on = Objects()
    before, used = on.contents(), on.arena.stats()["bytes_used"]

    def interrupt(*_: object) -> None:
        raise Interrupt

    with held(on.arena, getattr(on, which)):
        with signal_to_a_waiter(on.arena, interrupt), pytest.raises(Interrupt):
            operation(on)
        assert on.value.get() == 1
    assert on.contents() == before
    assert on.arena.stats()["bytes_used"] == used
    operation(on)


def test_control_c_ends_a_wait() -> None:
    on = Objects()
    with held(on.arena, on.dict):
        with signal_to_a_waiter(on.arena, signal.default_int_handler), pytest.raises(KeyboardInterrupt):
            on.dict["a"] = 2
        assert on.dict["a"] == 1


def test_a_handler_may_use_the_arena_and_the_wait_goes_on() -> None:
    on = Objects()
    with held(on.arena, on.dict) as holder:

        def work(*_: object) -> None:
            on.list.append("handled")
            on.value.set("handled")
            holder.leave()

        with signal_to_a_waiter(on.arena, work):
            on.dict["a"] = 2
    assert (on.dict["a"], on.list[-1], on.value.get()) == (2, "handled", "handled")
    assert on.list._getvalue() == [*range(200), "handled"]


def test_a_child_that_a_handler_forks_gives_up_what_its_parent_goes_on_with() -> None:
    on = Objects()
    status = []
    with held(on.arena, on.dict) as holder:

        def fork(*_: object) -> None:
            holder.leave()
            on.arena.before_fork()  # it looks into each object
            pid = os.fork()
            if not pid:
                on.arena.after_fork_in_child()
                return
            status.append(os.waitpid(pid, 0)[1])

        parent = os.getpid()
        with signal_to_a_waiter(on.arena, fork):
            try:
                on.dict["b"] = "x" * 100
            except BaseException as error:
                if os.getpid() != parent:
                    on.list.append(type(error).__name__)
                    os._exit(7)
                raise
            finally:
                if os.getpid() != parent:
                    os._exit(8)
    assert [os.waitstatus_to_exitcode(each) for each in status] == [7]
    assert on.list[-1] == "ArenaUnavailable"
    assert on.dict["b"] == "x" * 100
    on.dict["c"] = "y" * 100
    assert on.dict["b"] == "x" * 100


def stop_inside(arena: _native.Arena, pid: int, lock: int) -> None:
    """Stop a child process while it has the lock whose word is at that offset."""
    word = b""
    while word != struct.pack("<I", pid):
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGSTOP)
        os.waitpid(pid, os.WUNTRACED)
        word = os.pread(arena.fileno(), 4, lock)


def test_a_wait_for_a_process_that_was_stopped_inside_of_an_object() -> None:
    on = Objects()
    on.arena.before_fork()
    pid = os.fork()
    if not pid:
        on.arena.after_fork_in_child()
        while True:
            on.list.insert(0, "x")
            on.list.pop(0)
    try:
        stop_inside(on.arena, pid, on.list._handle[0] + _LOCK)
        with signal_to_a_waiter(on.arena, signal.default_int_handler), pytest.raises(KeyboardInterrupt):
            on.list.append("end")
        with signal_to_a_waiter(on.arena, lambda *_: os.kill(pid, signal.SIGCONT)):
            on.list.append("end")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert on.list[-1] == "end"


FROM_THE_END: list[tuple[Callable[[List], object], list[Any]]] = [
    (lambda x: x.__setitem__(-1, "new"), [10, "new"]),
    (lambda x: x.__delitem__(-1), [10]),
    (lambda x: x.pop(), [10]),
    (lambda x: x.pop(-2), [20]),
    (lambda x: x.insert(-1, "new"), [10, "new", 20]),
    (lambda x: x.add(-1, 1), [10, 21]),
    (lambda x: x.__setitem__(slice(-1, None), ["new", "newer"]), [10, "new", "newer"]),
    (lambda x: x.__setitem__(slice(-2, -1), []), [20]),
    (lambda x: x.__delitem__(slice(-1, None)), [10]),
]


@pytest.mark.parametrize(("operation", "after"), FROM_THE_END)
def test_an_index_from_the_end_means_the_end_when_the_operation_happens(
    operation: Callable[[List], object], after: list[Any]
) -> None:
    arena = make_arena()
    x = List(arena)
    x.extend([10, 20, 30])
    with held(arena, x) as holder:

        def shorten(*_: object) -> None:
            holder.leave()
            x.pop()

        with signal_to_a_waiter(arena, shorten):
            operation(x)
    assert x._getvalue() == after


def test_the_last_item_is_there_while_others_append_and_pop() -> None:
    arena = make_arena()
    x = List(arena)
    x.append(1)
    arena.before_fork()
    pid = os.fork()
    if not pid:
        arena.after_fork_in_child()
        while True:
            x.append(2)
            x.pop()
    try:
        seen = {x[-1] for _ in range(30_000)}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert seen <= {1, 2}
