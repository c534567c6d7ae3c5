"""An arena for a test, with hooks that are as simple as can be, and other processes that work on it."""

import os
import signal
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from manor import _native
from manor._codec import pickles
from manor._resident import keys
from manor._resident.lists import List
from tests.conformance.subjects import until

ARENA_BYTES = 1 << 28


class Hooks:
    """Every value is pickled, and every object is opened as the native class of its kind."""

    canonical = staticmethod(keys.canonical)
    show = staticmethod(keys.show)
    unshow = staticmethod(keys.unshow)
    decode = staticmethod(pickles.loads)

    def encode(self, value: Any, place: str) -> Sequence[pickles.Buffer]:
        return pickles.dumps(value)

    def open(self, kind: int, tag: int, at: int, generation: int) -> tuple[int, int]:
        return at, generation

    def ended(self) -> BaseException:
        return ConnectionError("the arena has ended")


def make_arena() -> _native.Arena:
    return _native.Arena.create(ARENA_BYTES, "test", Hooks())


def list_of(arena: _native.Arena, values: Iterable[Any]) -> List:
    face = List(arena)
    face.extend(values)
    return face


def in_children(arena: _native.Arena, work: Callable[[], None], count: int) -> None:
    """Run `work` in so many forked processes at once; it finds the objects of this one."""
    pids = [_fork(arena, work) for _ in range(count)]
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    assert statuses == [0] * count


def _fork(arena: _native.Arena, work: Callable[[], None]) -> int:
    arena.before_fork()
    pid = os.fork()
    if pid:
        arena.after_fork_in_parent()
        return pid
    status = 1
    try:
        arena.after_fork_in_child()
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def killed(arena: _native.Arena, work: Callable[[], Any], when: Callable[[], bool] | None = None) -> int:
    """Run `work` in a forked process, kill that afterwards, or once `when()` is true, and return its process id."""
    reader, writer = os.pipe()

    def begin() -> None:
        work()
        os.write(writer, b"x")
        signal.pause()

    pid = _fork(arena, begin)
    if when is None:
        os.read(reader, 1)
    else:
        until(when)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)
    return pid


def outcome(action: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """What an action returns, or the type and the arguments of what it raises."""
    try:
        return "returns", action(*args)
    except Exception as error:
        return "raises", type(error), error.args
