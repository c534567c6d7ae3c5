"""Proxies of a pool of worker processes that the server runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

from manor._proxy.base import BaseProxy
from manor._proxy.deadlines import Waits
from manor._proxy.mistaken import refuse_attribute

if TYPE_CHECKING:
    from manor._proxy.values import IteratorProxy

__all__ = ["BasePoolProxy", "PoolProxy"]

S = TypeVar("S")
T = TypeVar("T")

POOL_EXPOSED: Final = (
    "apply", "apply_async", "close", "imap", "imap_unordered", "join", "map", "map_async", "starmap",
    "starmap_async", "terminate",
)  # fmt: skip


class BasePoolProxy(BaseProxy):
    """The methods of ``multiprocessing.pool.Pool``; functions, arguments and results travel by pickle."""

    _exposed_: tuple[str, ...] = POOL_EXPOSED
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {
        "apply_async": "AsyncResult",
        "map_async": "AsyncResult",
        "starmap_async": "AsyncResult",
        "imap": "Iterator",
        "imap_unordered": "Iterator",
    }
    _waits_: ClassVar[Mapping[str, Waits]] = {name: Waits(None) for name in ("apply", "map", "starmap", "join")}

    __getattr__ = refuse_attribute

    def apply(self, func: Callable[..., T], args: Iterable[Any] = (), kwds: Mapping[str, Any] = {}) -> T:
        """Call *func* in a worker process; return its result, or raise what it raised."""
        return self._callmethod("apply", (func, args, kwds))

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: Mapping[str, Any] = {},
        callback: Callable[[Any], object] | None = None,
        error_callback: Callable[[BaseException], object] | None = None,
    ) -> Any:
        """Have *func* called in a worker process, without waiting.

        Args:
            func: A function that the workers can import.
            args: Its positional arguments.
            kwds: Its keyword arguments.
            callback: Called with the result, in the server's process.
            error_callback: Called with the exception, likewise.

        Returns:
            A proxy with the methods of ``multiprocessing.pool.AsyncResult``: ``get(timeout)``, ``wait(timeout)``,
            ``ready()``, ``successful()``.
        """
        return self._callmethod("apply_async", (func, args, kwds, callback, error_callback))

    def map(self, func: Callable[[S], T], iterable: Iterable[S], chunksize: int | None = None) -> list[T]:
        """Call *func* with each item, in several processes.

        Args:
            func: A function that the workers can import.
            iterable: The items; it is pickled, so send ``list(...)`` of a generator.
            chunksize: How many items a worker gets at a time; None leaves that to the pool.

        Returns:
            The results, in the order of the items.
        """
        return self._callmethod("map", (func, iterable, chunksize))

    def map_async(
        self,
        func: Callable[[S], Any],
        iterable: Iterable[S],
        chunksize: int | None = None,
        callback: Callable[[Any], object] | None = None,
        error_callback: Callable[[BaseException], object] | None = None,
    ) -> Any:
        """Begin what ``map`` does; return a result as ``apply_async`` does, and take its callbacks."""
        return self._callmethod("map_async", (func, iterable, chunksize, callback, error_callback))

    def starmap(
        self, func: Callable[..., T], iterable: Iterable[Iterable[Any]], chunksize: int | None = None
    ) -> list[T]:
        """Do as ``map``, with items that are the arguments of one call each: ``[(1, 2)]`` is ``func(1, 2)``."""
        return self._callmethod("starmap", (func, iterable, chunksize))

    def starmap_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
        callback: Callable[[Any], object] | None = None,
        error_callback: Callable[[BaseException], object] | None = None,
    ) -> Any:
        """Begin what ``starmap`` does; return a result as ``apply_async`` does, and take its callbacks."""
        return self._callmethod("starmap_async", (func, iterable, chunksize, callback, error_callback))

    def imap(self, func: Callable[[S], Any], iterable: Iterable[S], chunksize: int = 1) -> IteratorProxy:
        """Call *func* with each item; return an iterator over the results, in the order of the items."""
        return self._callmethod("imap", (func, iterable, chunksize))

    def imap_unordered(self, func: Callable[[S], Any], iterable: Iterable[S], chunksize: int = 1) -> IteratorProxy:
        """Do as ``imap``; results come as they are ready."""
        return self._callmethod("imap_unordered", (func, iterable, chunksize))

    def close(self) -> None:
        """Take no more work; the workers end when theirs is done."""
        self._callmethod("close")

    def join(self) -> None:
        """Wait until the workers have ended; raise ``ValueError`` unless ``close()`` or ``terminate()`` was called."""
        self._callmethod("join")

    def terminate(self) -> None:
        """End the workers now, whatever they do."""
        self._callmethod("terminate")


class PoolProxy(BasePoolProxy):
    """Stands for a ``multiprocessing.Pool`` in the server; leaving its block terminates it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.terminate()
