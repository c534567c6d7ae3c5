"""Objects of the arena for which threads wait: callers elsewhere wait by a thread of the server.

That thread acts as a *deputy* of the caller's: what it acquires is the caller's, whichever thread of the server serves
the next call, and comes back when the caller's process dies.
"""

import threading
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from manor._resident.conditions import Condition
from manor._resident.deaths import noting
from manor._resident.deputies import Arena, Deputy
from manor._server.adapters.adapter import Adapter, Method
from manor._server.calls import Call, Process, current, is_dead
from manor._server.waiting import Abandoned, over
from manor._wire.notes import Noted

_MASK: Final = 0xFFFFFFFF
_UNDO: Final = {"acquire": "release", "__enter__": "__exit__"}
"""What gives back what a method took."""

_deputies: weakref.WeakKeyDictionary[Any, dict[tuple[int, int], Deputy]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def _deputy_of(call: Call, arena: Arena) -> Deputy:
    with _lock:
        theirs = _deputies.setdefault(call.process, {})
        key = (id(arena), call.thread)
        deputy = theirs.get(key)
        if deputy is None:
            deputy = theirs[key] = Deputy(arena, call.process.pid & _MASK, call.thread & _MASK)
        return deputy


def as_deputy(arena: Arena, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function that does not wait as the current caller's deputy."""
    call = current()
    return function(*args) if call is None else _deputy_of(call, arena).act().run(function, *args)


def release_dead(process: Process) -> None:
    """Give back what the threads of *process*, which died abnormally, have acquired."""
    with _lock:
        theirs = list(_deputies.pop(process, {}).values())
    for deputy in theirs:
        deputy.end(True)


class ResidentAdapter(Adapter):
    """Has every method run as the caller's deputy."""

    def __init__(self, subject: Any) -> None:
        super().__init__()
        self._subject = subject

    def method(self, name: str) -> Method:
        """The method, as the current call's thread would run it."""
        return partial(self._run, name)

    def release_dead(self, process: Process) -> None:
        """Give back what *process* had of this object, and all else."""
        super().release_dead(process)
        release_dead(process)

    def _run(self, name: str, *args: Any, **kwds: Any) -> Any:
        call = current()
        function: Callable[..., Any] = getattr(self._subject, name)
        if call is None:
            return function(*args, **kwds)
        if over(call):
            raise Abandoned
        acting = _deputy_of(call, self._subject._arena).act(call.step_aside)
        call.cancellation.add(acting.cancel)
        try:
            result = noting(partial(acting.run, function, *args, **kwds))
        except Exception:
            if acting.cancelled:
                raise Abandoned from None
            raise
        finally:
            call.cancellation.discard(acting.cancel)
        succeeded = result.result if isinstance(result, Noted) else result
        if name in _UNDO and succeeded:
            call.undo.append(partial(self._undo, call, _UNDO[name]))
        elif name == "wait" and succeeded and isinstance(self._subject, Condition):
            call.undo.append(self._subject._pass_on)
        return result

    def _undo(self, call: Call, name: str) -> None:
        if not is_dead(call.process):  # else what it had has been given back
            _deputy_of(call, self._subject._arena).act().run(getattr(self._subject, name))
