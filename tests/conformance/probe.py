"""What a test sees of a server from inside: who waits in it, what it has open, and who is buried."""

import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

from manor._resident import attachment
from tests.conformance.subjects import register

__all__ = ["Mortal", "Probe", "newly_waiting"]

_SERVING = {"managers.py", "sessions.py"}
_WAITING = {("threading.py", "wait"), ("waiters.py", "sleep")}
_BLOCKING_METHODS = {"acquire", "get"}  # without Python code


class Mortal:
    """Objects of this class are counted: one that is gone tells that its last holder has been buried."""

    alive = 0

    def __init__(self) -> None:
        Mortal.alive += 1

    def __del__(self) -> None:
        Mortal.alive -= 1

    def is_alive(self) -> bool:
        return True


class Probe:
    """Looks at the server process that hosts it."""

    def waiting(self) -> int:
        """How many threads wait for something else than the next call of their client."""
        return len(self.waiters())

    def waiters(self) -> list[str]:
        """What names each wait: that of a thread here, which one thread only ever has, or its place in an arena."""
        arenas = list(attachment.arenas.values())
        return self._waiting_threads() + [repr(wait) for arena in arenas for wait in arena.waits()]

    def _waiting_threads(self) -> list[str]:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        left_out = {threading.main_thread().ident, threading.get_ident()}
        frames = _frames().items()
        return [names.get(ident, "") for ident, frame in frames if ident not in left_out and _is_waiting(frame)]

    def threads(self) -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    def descriptors(self) -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the same here and counts itself either way

    def mortals(self) -> int:
        return Mortal.alive

    def pid(self) -> int:
        return os.getpid()


def _frames() -> dict[int, Any]:
    """Return what every thread is doing.

    Before Python 3.12.4 a garbage collection in the middle of that, whose finalizers let another thread run, hangs the
    whole process if that thread starts or ends one (https://github.com/python/cpython/issues/106883).
    """
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        gc.enable()


def _is_waiting(frame: Any) -> bool:
    if frame.f_code.co_name == "serve_client":  # of the standard library
        return frame.f_locals.get("methodname") in _BLOCKING_METHODS
    if _place(frame) not in _WAITING:
        return False
    serves = False
    while frame is not None:  # by hand: a thousand stacks are looked at again and again
        place = _place(frame)
        if place == ("processes.py", "await_notices"):
            return False
        serves = serves or place[0] in _SERVING
        frame = frame.f_back
    return serves


def _place(frame: Any) -> tuple[str, str]:
    code = frame.f_code
    return code.co_filename.rpartition("/")[2], code.co_name


def newly_waiting(probe: Probe, before: list[str]) -> int:
    """How many wait that are not among those before: a wait that was given up may end only now."""
    return len(set(probe.waiters()) - set(before))


register("Probe", Probe)
register("Mortal", Mortal)
