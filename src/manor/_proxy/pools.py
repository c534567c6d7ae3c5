"""Proxies of a pool of worker processes that the server runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from manor._proxy.auto import MakeProxyType
from manor._proxy.deadlines import Waits

if TYPE_CHECKING:
    from manor._proxy.base import BaseProxy
    from manor._proxy.values import IteratorProxy

__all__ = ["BasePoolProxy", "PoolProxy"]

S = TypeVar("S")
T = TypeVar("T")

POOL_EXPOSED: Final = (
    "apply", "apply_async", "close", "imap", "imap_unordered", "join", "map", "map_async", "starmap",
    "starmap_async", "terminate",
)  # fmt: skip

if TYPE_CHECKING:

    class BasePoolProxy(BaseProxy):
        """The methods of ``multiprocessing.pool.Pool``."""

        def apply(self, func: Callable[..., T], args: Iterable[Any] = (), kwds: Mapping[str, Any] = {}) -> T: ...
        def apply_async(
            self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: Mapping[str, Any] = {}
        ) -> Any: ...
        def map(self, func: Callable[[S], T], iterable: Iterable[S], chunksize: int | None = None) -> list[T]: ...
        def map_async(self, func: Callable[[S], Any], iterable: Iterable[S], chunksize: int | None = None) -> Any: ...
        def starmap(
            self, func: Callable[..., T], iterable: Iterable[Iterable[Any]], chunksize: int | None = None
        ) -> list[T]: ...
        def starmap_async(
            self, func: Callable[..., Any], iterable: Iterable[Iterable[Any]], chunksize: int | None = None
        ) -> Any: ...
        def imap(self, func: Callable[[S], Any], iterable: Iterable[S], chunksize: int = 1) -> IteratorProxy: ...
        def imap_unordered(
            self, func: Callable[[S], Any], iterable: Iterable[S], chunksize: int = 1
        ) -> IteratorProxy: ...
        def close(self) -> None: ...
        def join(self) -> None: ...
        def terminate(self) -> None: ...

else:
    BasePoolProxy = MakeProxyType("PoolProxy", POOL_EXPOSED)
    BasePoolProxy._method_to_typeid_ = {
        "apply_async": "AsyncResult",
        "map_async": "AsyncResult",
        "starmap_async": "AsyncResult",
        "imap": "Iterator",
        "imap_unordered": "Iterator",
    }
    BasePoolProxy._waits_ = {name: Waits(None) for name in ("apply", "map", "starmap", "join")}


class PoolProxy(BasePoolProxy):
    """Stands for a ``multiprocessing.Pool`` in the server; leaving its block terminates it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.terminate()
