"""Changing a value in one step, beside threads of the server that change it by plain methods."""

import dis
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import pytest

from manor._resident.missing import MISSING
from manor._server.atomics import _Item, _Variable
from manor._server.objects import Hosted
from manor._server.specials import SPECIALS
from manor._server.types import Value

ROUNDS = 5_000
SWITCHING = ("CALL", "FOR_ITER", "INSTRUMENTED_CALL", "JUMP_BACKWARD", "PRECALL", "RESUME", "SEND", "YIELD")
"""Where CPython may switch threads, and what runs code that does."""


@pytest.fixture(autouse=True)
def threads_that_switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def special(obj: Any, name: str, *args: Any) -> Any:
    """Returns what the server does for a proxy of the object."""
    hosted = Hosted(1, obj, "object", None)
    function: Any = SPECIALS[name][0]
    return lambda *more: function(None, hosted, (*args, *more))


def at_once(*functions: Callable[[], None]) -> None:
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def executed(code: CodeType, function: Callable[[], Any]) -> list[str]:
    """The names of the instructions of that code that a function executes."""
    names = {instruction.offset: instruction.opname for instruction in dis.get_instructions(code)}
    found: list[str] = []

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code is not code:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            found.append(names[frame.f_lasti])
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # any frame: Python 3.12 traces no instructions if none asked for it earlier
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return found


@pytest.mark.parametrize(("obj", "expected"), [({0: 0}, 0), ({}, MISSING), ([0], 0), (Value("i", 0), 0)], ids=repr)
def test_threads_do_not_switch_between_the_comparison_and_the_assignment(obj: Any, expected: Any) -> None:
    where = () if isinstance(obj, Value) else (0,)
    place: Any = _Variable if isinstance(obj, Value) else _Item
    change = special(obj, "#VALUE_COMPARE_AND_SET" if isinstance(obj, Value) else "#ITEM_COMPARE_AND_SET", where)
    names = executed(place.replace.__code__, lambda: change(expected, 1))
    at = max(names.index(name) for name in ("IS_OP", "CONTAINS_OP") if name in names)
    end = next(at for at, name in enumerate(names) if name in ("STORE_SUBSCR", "STORE_ATTR"))
    assert [name for name in names[at:end] if name.startswith(SWITCHING)] == []
    assert (obj.get() if isinstance(obj, Value) else obj[0]) == 1


def test_a_plain_change_at_the_same_time_is_not_lost() -> None:
    items: dict[str, Any] = {}
    add_missing = special(items, "#ITEM_COMPARE_AND_SET", ("key",), MISSING)
    added: list[object] = []
    removed: list[object] = []

    def in_one_step() -> None:
        for _ in range(ROUNDS):
            new = object()
            if add_missing(new):
                added.append(new)

    def plainly() -> None:
        for _ in range(ROUNDS):
            new = object()
            if items.setdefault("key", new) is new:
                added.append(new)
            last = items.pop("key", None)
            if last is not None:
                removed.append(last)

    at_once(in_one_step, plainly, in_one_step)
    assert set(added) == {*removed, *items.values()}


@pytest.mark.parametrize("kind", [dict, list, Value])
def test_a_value_that_was_set_plainly_is_replaced_or_kept(kind: Any) -> None:
    obj: Any = {0: None} if kind is dict else [None] if kind is list else Value("i", None)
    where = () if kind is Value else (0,)
    compare = "#VALUE_COMPARE_AND_SET" if kind is Value else "#ITEM_COMPARE_AND_SET"
    clear_mark = special(obj, compare, where, "mark", None)
    failures: list[object] = []
    done = threading.Event()

    def plainly() -> None:
        for number in range(ROUNDS):
            obj.set("mark") if kind is Value else obj.__setitem__(0, "mark")
            obj.set(number) if kind is Value else obj.__setitem__(0, number)
            if (obj.get() if kind is Value else obj[0]) is not number:
                failures.append(number)
        done.set()

    def in_one_step() -> None:
        while not done.is_set():
            clear_mark()

    at_once(plainly, in_one_step)
    assert failures == []


@pytest.mark.parametrize("obj", [{0: 0}, [0], Value("i", 0)], ids=lambda obj: type(obj).__name__)
def test_threads_that_add_lose_nothing(obj: Any) -> None:
    where = () if isinstance(obj, Value) else (0,)
    add = special(obj, "#VALUE_ADD" if isinstance(obj, Value) else "#ITEM_ADD", where)

    def often() -> None:
        for _ in range(1000):
            add(1)

    at_once(often, often, often)
    assert add(0) == 3000
