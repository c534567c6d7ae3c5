"""Every name of ``multiprocessing.managers``, with the same signatures and documented behaviour.

``s/multiprocessing.managers/manor.managers/`` is the whole migration. What differs is listed in the project's
``docs/differences.md``.
"""

from __future__ import annotations

from manor._proxy.auto import AutoProxy, MakeProxyType
from manor._proxy.base import BaseProxy, RebuildProxy
from manor._proxy.containers.dicts import BaseDictProxy as _BaseDictProxy
from manor._proxy.containers.dicts import DictProxy
from manor._proxy.containers.lists import BaseListProxy, ListProxy
from manor._proxy.containers.sets import BaseSetProxy as _BaseSetProxy
from manor._proxy.containers.sets import SetProxy
from manor._proxy.pools import BasePoolProxy, PoolProxy
from manor._proxy.synchronization import AcquirerProxy, BarrierProxy, ConditionProxy, EventProxy
from manor._proxy.values import ArrayProxy, IteratorProxy, NamespaceProxy, ValueProxy
from manor._server.registry import all_methods, public_methods
from manor._server.server import Server
from manor._server.types import Array, Namespace, Value
from manor._wire.tokens import Token
from manor.errors import RemoteError
from manor.managers.base import BaseManager, State
from manor.managers.reducers import rebuild_as_list, reduce_array
from manor.managers.shared_memory import SharedMemoryManager, SharedMemoryServer, _SharedMemoryTracker
from manor.managers.standard import ProcessLocalSet, convert_to_error, dispatch, listener_client
from manor.managers.sync import SyncManager

__all__ = ["BaseManager", "BaseProxy", "SharedMemoryManager", "SyncManager", "Token"]

HAS_SHMEM = True

_PRIVATE = (
    AcquirerProxy, Array, ArrayProxy, AutoProxy, BarrierProxy, BaseListProxy, BasePoolProxy, ConditionProxy, DictProxy,
    EventProxy, IteratorProxy, ListProxy, MakeProxyType, Namespace, NamespaceProxy, PoolProxy, ProcessLocalSet,
    RebuildProxy, RemoteError, Server, SetProxy, SharedMemoryServer, State, Value, ValueProxy, _BaseDictProxy,
    _BaseSetProxy, _SharedMemoryTracker, all_methods, convert_to_error, dispatch, listener_client, public_methods,
    rebuild_as_list, reduce_array,
)  # fmt: skip
"""Names outside ``__all__`` that existing code uses."""
