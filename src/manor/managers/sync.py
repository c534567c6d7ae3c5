"""``SyncManager``: a manager of the standard types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from manor._proxy.collections.counters import CounterProxy
from manor._proxy.collections.deques import DequeProxy
from manor._proxy.collections.mappings import ChainMapProxy, DefaultDictProxy, OrderedDictProxy
from manor._proxy.containers.dicts import DictProxy
from manor._proxy.containers.lists import ListProxy
from manor._proxy.containers.sets import SetProxy
from manor._proxy.pools import PoolProxy
from manor._proxy.queues import QueueProxy, SimpleQueueProxy
from manor._proxy.synchronization import AcquirerProxy, BarrierProxy, ConditionProxy, EventProxy
from manor._proxy.values import ArrayProxy, IteratorProxy, NamespaceProxy, ValueProxy
from manor._wire.references import Reference
from manor.managers.base import BaseManager
from manor.managers.named import NamedObjects, creator
from manor.managers.naming import NAMED_TYPEIDS

__all__ = ["SyncManager"]

T = TypeVar("T")


class SyncManager(NamedObjects, BaseManager):
    """Makes the standard types in its server: locks, queues, containers, values, and pools of processes."""

    if TYPE_CHECKING:  # made by ``register`` below

        def Queue(self, maxsize: int = 0, *, name: str = ...) -> QueueProxy[Any]: ...  # noqa: N802
        def JoinableQueue(self, maxsize: int = 0, *, name: str = ...) -> QueueProxy[Any]: ...  # noqa: N802
        def LifoQueue(self, maxsize: int = 0, *, name: str = ...) -> QueueProxy[Any]: ...  # noqa: N802
        def PriorityQueue(self, maxsize: int = 0, *, name: str = ...) -> QueueProxy[Any]: ...  # noqa: N802
        def SimpleQueue(self, *, name: str = ...) -> SimpleQueueProxy[Any]: ...  # noqa: N802
        def Event(self, *, name: str = ...) -> EventProxy: ...  # noqa: N802
        def Lock(self, *, name: str = ..., on_owner_death: Literal["warn", "raise"] = ...) -> AcquirerProxy: ...  # noqa: N802
        def RLock(self, *, name: str = ..., on_owner_death: Literal["warn", "raise"] = ...) -> AcquirerProxy: ...  # noqa: N802
        def Semaphore(  # noqa: N802
            self,
            value: int = 1,
            *,
            name: str = ...,
            release_on_death: bool = ...,
            on_owner_death: Literal["warn", "raise"] = ...,
        ) -> AcquirerProxy: ...
        def BoundedSemaphore(  # noqa: N802
            self, value: int = 1, *, name: str = ..., on_owner_death: Literal["warn", "raise"] = ...
        ) -> AcquirerProxy: ...
        def Condition(  # noqa: N802
            self, lock: AcquirerProxy | None = None, *, name: str = ..., on_owner_death: Literal["warn", "raise"] = ...
        ) -> ConditionProxy: ...
        def Barrier(  # noqa: N802
            self,
            parties: int,
            action: Callable[[], object] | None = None,
            timeout: float | None = None,
            *,
            name: str = ...,
        ) -> BarrierProxy: ...
        def Pool(  # noqa: N802
            self,
            processes: int | None = None,
            initializer: Callable[..., object] | None = None,
            initargs: Iterable[Any] = (),
            maxtasksperchild: int | None = None,
        ) -> PoolProxy: ...
        def list(self, sequence: Iterable[T] = (), /, *, name: str = ..., deep: bool = ...) -> ListProxy[T]: ...
        def dict(self, *args: Any, **kwds: Any) -> DictProxy[Any, Any]: ...
        def set(self, values: Iterable[T] = (), /, *, name: str = ..., deep: bool = ...) -> SetProxy[T]: ...
        def deque(
            self, iterable: Iterable[T] = (), maxlen: int | None = None, *, name: str = ..., deep: bool = ...
        ) -> DequeProxy[T]: ...
        def OrderedDict(self, *args: Any, **kwds: Any) -> OrderedDictProxy[Any, Any]: ...  # noqa: N802
        def defaultdict(
            self, default_factory: Callable[[], Any] | None = None, /, *args: Any, **kwds: Any
        ) -> DefaultDictProxy[Any, Any]: ...
        def Counter(self, iterable: Any = None, /, **counts: Any) -> CounterProxy[Any]: ...  # noqa: N802
        def ChainMap(self, *maps: Any, name: str = ...) -> ChainMapProxy[Any, Any]: ...  # noqa: N802
        def Value(  # noqa: N802
            self, typecode: Any, value: T, lock: bool = True, *, name: str = ..., deep: bool = ...
        ) -> ValueProxy[T]: ...
        def Array(  # noqa: N802
            self, typecode: str, sequence: Iterable[Any], lock: bool = True, *, name: str = ...
        ) -> ArrayProxy: ...
        def Namespace(self, **kwds: Any) -> NamespaceProxy: ...  # noqa: N802


# What only the server needs is named, and imported there when the first is made.
SyncManager.register("Queue", Reference("manor._server.queues", "Queue"), QueueProxy)
SyncManager.register("JoinableQueue", Reference("manor._server.queues", "JoinableQueue"), QueueProxy)
SyncManager.register("LifoQueue", Reference("manor._server.queues", "LifoQueue"), QueueProxy)
SyncManager.register("PriorityQueue", Reference("manor._server.queues", "PriorityQueue"), QueueProxy)
SyncManager.register("SimpleQueue", Reference("manor._server.queues", "SimpleQueue"), SimpleQueueProxy)
SyncManager.register("Event", Reference("manor._server.primitives", "Event"), EventProxy)
SyncManager.register("Lock", Reference("manor._server.primitives", "Lock"), AcquirerProxy)
SyncManager.register("RLock", Reference("manor._server.primitives", "RLock"), AcquirerProxy)
SyncManager.register("Semaphore", Reference("manor._server.primitives", "Semaphore"), AcquirerProxy)
SyncManager.register("BoundedSemaphore", Reference("manor._server.primitives", "BoundedSemaphore"), AcquirerProxy)
SyncManager.register("Condition", Reference("manor._engines.conditions", "make_condition"), ConditionProxy)
SyncManager.register("Barrier", Reference("manor._server.primitives", "Barrier"), BarrierProxy)
SyncManager.register("Pool", Reference("multiprocessing.pool", "Pool"), PoolProxy)
SyncManager.register("list", Reference("manor._server.types", "new_list"), ListProxy)
SyncManager.register("dict", Reference("manor._server.types", "new_dict"), DictProxy)
SyncManager.register("set", Reference("manor._server.types", "new_set"), SetProxy)
SyncManager.register("Value", Reference("manor._server.types", "Value"), ValueProxy)
SyncManager.register("Array", Reference("manor._server.types", "Array"), ArrayProxy)
SyncManager.register("Namespace", Reference("manor._server.types", "Namespace"), NamespaceProxy)
SyncManager.register("deque", Reference("manor._server.collections", "deque"), DequeProxy)
SyncManager.register("OrderedDict", Reference("manor._server.collections", "OrderedDict"), OrderedDictProxy)
SyncManager.register("defaultdict", Reference("manor._server.collections", "defaultdict"), DefaultDictProxy)
SyncManager.register("Counter", Reference("manor._server.collections", "Counter"), CounterProxy)
SyncManager.register("ChainMap", Reference("manor._server.collections", "ChainMap"), ChainMapProxy)
SyncManager.register("Iterator", proxytype=IteratorProxy, create_method=False)
SyncManager.register("AsyncResult", create_method=False)


# A program that registers a type of its own under one of these names replaces the method, and has it served.
for _typeid in NAMED_TYPEIDS:
    setattr(SyncManager, _typeid, creator(_typeid, getattr(SyncManager, _typeid)))
