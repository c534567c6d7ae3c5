"""The part of `manor._native` for which threads wait; there is no such module at run time.

A wait leaves the interpreter's lock to others, runs signal handlers, and ends with whatever one of them raises, at the
end of its time, or of the arena. A wait that ends so has taken nothing. `timeout` is in seconds.
"""

from collections.abc import Callable, Iterable
from typing import Any, Self, final

from typing_extensions import disjoint_base

from manor._native import Arena, Object

__all__ = ["Acting", "Barrier", "Condition", "Deputy", "Event", "Mutex", "Queue", "Semaphore", "Watch"]

_Person = tuple[int, int, str, float, str | None]
"""Process id (0 if not known any more), thread id, name of the process, since when (`time.monotonic()`), from where."""

@disjoint_base
class Mutex(Object):
    """A lock, whose holder is a thread; `reentrant`, it may take it again, and nobody else may leave it.

    Who takes it from a process that was killed holding it is told by `self._took_from_dead(pid, entering)`.
    """
    def __new__(
        cls, arena: Arena, handle: tuple[int, int] | None = None, tag: int = 0, reentrant: bool = False
    ) -> Self: ...
    def acquire(self, blocking: bool | None = ..., timeout: float | None = None) -> bool:
        """As that of `threading.Lock`, and its errors; a timeout of `None` is without limit."""
    def release(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(self, _kind: object = None, _error: object = None, _where: object = None, /) -> None: ...
    def locked(self) -> bool: ...
    @property
    def owner_died(self) -> bool:
        """From the death of a holder until the next one has left."""
    def _holder(self) -> _Person | None: ...
    def _dead_site(self) -> str | None:
        """From where the last one that was killed holding it had taken it, in the arena of a debugged manager."""
    def _waiters(self) -> list[_Person]: ...

@disjoint_base
class Semaphore(Object):
    """A counter of permits; methods as those of `threading.Semaphore`, or of `BoundedSemaphore` if `bounded`.

    Permits that are on record come back when the thread that has them is killed: all of a `bounded` one, or with
    `records_all`, and else those of a with statement. The next to take one is told by
    `self._took_from_dead(pid, entering)`.
    """
    def __new__(
        cls,
        arena: Arena,
        handle: tuple[int, int] | None = None,
        tag: int = 0,
        bounded: bool = False,
        value: int = 1,
        records_all: bool = False,
    ) -> Self: ...
    def acquire(self, blocking: bool | None = ..., timeout: float | None = None) -> bool: ...
    def release(self, n: int | None = None) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(self, *_exc_info: object) -> None: ...
    def locked(self) -> bool:
        """Whether an `acquire` would have to wait; `_count`: how many would not."""
    def _count(self) -> int: ...
    def _is_held(self) -> bool:
        """Whether any permit is on record."""
    @property
    def owner_died(self) -> bool:
        """From the death of one that had a permit until the next to take one has given one back."""
    def _dead_site(self) -> str | None: ...
    def _waiters(self) -> list[_Person]: ...

@disjoint_base
class Event(Object):
    """A flag, lowered at first; methods as those of `threading.Event`."""
    def is_set(self) -> bool: ...
    def set(self) -> None: ...
    def clear(self) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def _waiters(self) -> list[_Person]: ...

@disjoint_base
class Condition(Mutex):
    """A lock, that of `lock` or a reentrant one of its own, and a line; methods as those of `threading.Condition`.

    A wait ends with the lock held, however it ends. If the lock was a dead process's then, that is told by
    `self._waited_past_dead(pid)`.
    """
    def __new__(
        cls, arena: Arena, handle: tuple[int, int] | None = None, tag: int = 0, lock: Mutex | None = None
    ) -> Self: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def notify(self, n: float | None = None) -> None:
        """Wakes one, or as many as `threading`'s would, which counts `n` down to 0."""
    def notify_all(self) -> None: ...
    def _pass_on(self) -> None:
        """Notify one, whoever has the lock: it is a notification of which its receiver never learnt."""
    def _lock_handle(self) -> tuple[int, int]: ...
    def _sleepers(self) -> list[_Person]:
        """Who waits to be notified; `_waiters`: who waits for the lock."""

@disjoint_base
class Barrier(Object):
    """A meeting point; methods as those of `threading.Barrier`. `timeout` is for waits that name none."""
    def __new__(
        cls,
        arena: Arena,
        handle: tuple[int, int] | None = None,
        tag: int = 0,
        parties: int = 1,
        timeout: float | None = None,
    ) -> Self: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def abort(self) -> None: ...
    def reset(self) -> None: ...
    @property
    def parties(self) -> int: ...
    @property
    def n_waiting(self) -> int: ...
    @property
    def broken(self) -> bool: ...
    def _waiters(self) -> list[_Person]: ...

@final
class Deputy:
    """The life in an arena of a thread that is elsewhere; ends in good order with this object."""
    def __new__(cls, arena: Arena, pid: int, thread: int) -> Deputy:
        """For a thread of that process, by which numbers others shall know it."""
    def act(self, aside: Callable[[], object] | None = None) -> Acting:
        """`aside` is called when a wait that was cancelled has to take a lock again that others have."""
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

@disjoint_base
class Queue(Object):
    """A queue; methods as those of `queue.Queue`, and its errors. With the tag `L`, the last item is taken first."""
    def __new__(cls, arena: Arena, handle: tuple[int, int] | None = None, tag: int = 0, maxsize: int = 0) -> Self: ...
    def put(self, item: Any, block: bool = ..., timeout: float | None = None) -> None: ...
    def put_nowait(self, item: Any) -> None: ...
    def put_many(self, items: Iterable[Any], block: bool = ..., timeout: float | None = None) -> None:
        """Each as by `put`; an exception gets `items_put`, and `items_left`: those that an iterator gave in vain."""
    def get(self, block: bool = ..., timeout: float | None = None) -> Any: ...
    def get_nowait(self) -> Any: ...
    def get_many(self, max_items: int, block: bool = ..., timeout: float | None = None) -> list[Any]: ...
    def qsize(self) -> int: ...
    def empty(self) -> bool: ...
    def full(self) -> bool: ...
    @property
    def maxsize(self) -> int: ...
    def task_done(self) -> None: ...
    def join(self) -> None: ...
    def shutdown(self, immediate: bool = False) -> None: ...
    def _counts(self) -> tuple[int, int, bool]:
        """How many items there are, how many are unfinished, and whether it was shut down, at one moment."""
    def _waiters(self) -> tuple[list[_Person], list[_Person], list[_Person]]:
        """Who waits to take, to put, and until nothing is unfinished."""
    def _version(self) -> int: ...
    def _peek(self, index: int) -> tuple[Any] | None: ...
    def _put_at(self, version: int, index: int, item: Any) -> bool:
        """Puts an item before another one, if the version still is that."""
    def _put_back(self, item: Any) -> None: ...
    def _await_room(self, timeout: float | None) -> bool: ...

@final
class Watch:
    """Watches a container for changes, from now on until it is closed or dropped; `TypeError` for what is none."""
    def __new__(cls, container: Object) -> Self: ...
    def wait(self, timeout: float | None = None) -> bool:
        """Whether there was a change in time, since the watch began or since the last wait that found one."""
    def close(self) -> None:
        """May be done again."""
