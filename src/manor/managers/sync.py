"""``SyncManager``: a manager of the standard types."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable
from multiprocessing.pool import Pool
from typing import TYPE_CHECKING, Any, TypeVar

from manor._proxy.base import BaseProxy
from manor._proxy.containers.dicts import DictProxy
from manor._proxy.containers.lists import ListProxy
from manor._proxy.containers.sets import SetProxy
from manor._proxy.pools import PoolProxy
from manor._proxy.synchronization import AcquirerProxy, BarrierProxy, ConditionProxy, EventProxy
from manor._proxy.values import ArrayProxy, IteratorProxy, NamespaceProxy, ValueProxy
from manor._server import primitives
from manor._server.primitives.mutex import Mutex
from manor._server.types import Array, Namespace, Value
from manor.managers.base import BaseManager

__all__ = ["SyncManager"]

T = TypeVar("T")


class SyncManager(BaseManager):
    """Makes the standard types in its server: locks, queues, containers, values, and pools of processes."""

    if TYPE_CHECKING:  # made by ``register`` below

        def Queue(self, maxsize: int = 0) -> Any: ...  # noqa: N802
        def JoinableQueue(self, maxsize: int = 0) -> Any: ...  # noqa: N802
        def Event(self) -> EventProxy: ...  # noqa: N802
        def Lock(self) -> AcquirerProxy: ...  # noqa: N802
        def RLock(self) -> AcquirerProxy: ...  # noqa: N802
        def Semaphore(self, value: int = 1) -> AcquirerProxy: ...  # noqa: N802
        def BoundedSemaphore(self, value: int = 1) -> AcquirerProxy: ...  # noqa: N802
        def Condition(self, lock: AcquirerProxy | None = None) -> ConditionProxy: ...  # noqa: N802
        def Barrier(  # noqa: N802
            self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None
        ) -> BarrierProxy: ...
        def Pool(  # noqa: N802
            self,
            processes: int | None = None,
            initializer: Callable[..., object] | None = None,
            initargs: Iterable[Any] = (),
            maxtasksperchild: int | None = None,
        ) -> PoolProxy: ...
        def list(self, sequence: Iterable[T] = (), /) -> ListProxy[T]: ...
        def dict(self, *args: Any, **kwds: Any) -> DictProxy[Any, Any]: ...
        def set(self, values: Iterable[T] = (), /) -> SetProxy[T]: ...
        def Value(self, typecode: Any, value: T, lock: bool = True) -> ValueProxy[T]: ...  # noqa: N802
        def Array(self, typecode: str, sequence: Iterable[Any], lock: bool = True) -> ArrayProxy: ...  # noqa: N802
        def Namespace(self, **kwds: Any) -> NamespaceProxy: ...  # noqa: N802


def _condition(lock: Any = None) -> primitives.Condition:
    """Make a condition; its lock may be a proxy of a lock of the same server."""
    if isinstance(lock, BaseProxy):
        hosted = getattr(lock._hold, "hosted", None)
        if hosted is None or not isinstance(hosted.obj, Mutex):
            raise TypeError(f"a condition takes a Lock or RLock of its own manager, not {lock!r}")
        lock = hosted.obj
    return primitives.Condition(lock)


SyncManager.register("Queue", queue.Queue)
SyncManager.register("JoinableQueue", queue.Queue)
SyncManager.register("Event", primitives.Event, EventProxy)
SyncManager.register("Lock", primitives.Lock, AcquirerProxy)
SyncManager.register("RLock", primitives.RLock, AcquirerProxy)
SyncManager.register("Semaphore", primitives.Semaphore, AcquirerProxy)
SyncManager.register("BoundedSemaphore", primitives.BoundedSemaphore, AcquirerProxy)
SyncManager.register("Condition", _condition, ConditionProxy)
SyncManager.register("Barrier", primitives.Barrier, BarrierProxy)
SyncManager.register("Pool", Pool, PoolProxy)
SyncManager.register("list", list, ListProxy)
SyncManager.register("dict", dict, DictProxy)
SyncManager.register("set", set, SetProxy)
SyncManager.register("Value", Value, ValueProxy)
SyncManager.register("Array", Array, ArrayProxy)
SyncManager.register("Namespace", Namespace, NamespaceProxy)
SyncManager.register("Iterator", proxytype=IteratorProxy, create_method=False)
SyncManager.register("AsyncResult", create_method=False)
