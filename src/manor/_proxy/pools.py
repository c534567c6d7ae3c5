"""Proxies of a pool of worker processes that the server runs."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

from manor._proxy.auto import MakeProxyType
from manor._proxy.deadlines import Waits

__all__ = ["BasePoolProxy", "PoolProxy"]

POOL_EXPOSED: Final = (
    "apply", "apply_async", "close", "imap", "imap_unordered", "join", "map", "map_async", "starmap",
    "starmap_async", "terminate",
)  # fmt: skip

BasePoolProxy: Any = MakeProxyType("PoolProxy", POOL_EXPOSED)
BasePoolProxy._method_to_typeid_ = {
    "apply_async": "AsyncResult",
    "map_async": "AsyncResult",
    "starmap_async": "AsyncResult",
    "imap": "Iterator",
    "imap_unordered": "Iterator",
}
BasePoolProxy._waits_ = {name: Waits(None) for name in ("apply", "map", "starmap", "join")}


class PoolProxy(BasePoolProxy):  # type: ignore[misc]
    """Stands for a ``multiprocessing.Pool`` in the server; leaving its block terminates it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.terminate()
