"""The part of `manor._native` for which threads wait; there is no such module at run time.

A wait leaves the interpreter's lock to others, runs signal handlers, and ends with whatever one of them raises, at the
end of its time, or of the arena. A wait that ends so has taken nothing. `timeout` is in seconds.
"""

from collections.abc import Callable
from typing import Any, Self, final

from typing_extensions import disjoint_base

from manor._native import Arena, Object

__all__ = ["Acting", "Deputy", "Mutex"]

_Person = tuple[int, int, str, float]
"""Process id (0 if not known any more), thread id, name of the process, since when (`time.monotonic()`)."""

@disjoint_base
class Mutex(Object):
    """A lock, whose holder is a thread; `reentrant`, it may take it again, and nobody else may leave it.

    Who takes it from a process that was killed holding it is told by `self._took_from_dead(pid, entering)`.
    """
    def __new__(
        cls, arena: Arena, handle: tuple[int, int] | None = None, tag: int = 0, reentrant: bool = False
    ) -> Self: ...
    def acquire(self, blocking: bool | None = None, timeout: float | None = None) -> bool:
        """As that of `threading.Lock`, and its errors; a timeout of `None` is without limit."""
    def release(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(self, _kind: object = None, _error: object = None, _where: object = None, /) -> None: ...
    def locked(self) -> bool: ...
    @property
    def owner_died(self) -> bool:
        """From the death of a holder until the next one has left."""
    def _holder(self) -> _Person | None: ...
    def _waiters(self) -> list[_Person]: ...

@final
class Deputy:
    """The life in an arena of a thread that is elsewhere; ends in good order with this object."""
    def __new__(cls, arena: Arena, pid: int, thread: int) -> Deputy:
        """For a thread of that process, by which numbers others shall know it."""
    def act(self) -> Acting: ...
    def end(self, died: bool) -> None:
        """Ends it for good; what a thread held that `died` is given back."""

@final
class Acting:
    """One call of such a thread."""
    def run(self, function: Callable[..., Any], /, *args: Any, **kwds: Any) -> Any:
        """Calls `function` as that thread."""
    def cancel(self) -> None:
        """Has the wait end that is under way, and each later one, by an exception. From any thread."""
    @property
    def cancelled(self) -> bool: ...
