"""Every name of ``multiprocessing.managers``, with the same signatures and documented behaviour.

``s/multiprocessing.managers/manor.managers/`` is the whole migration. What differs is listed in the project's
``docs/differences.md``. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import manor._codec.reducers  # noqa: F401 - arrays and views of dicts travel as they do with multiprocessing.managers

if TYPE_CHECKING:
    from manor._codec.reducers import rebuild_as_list as rebuild_as_list
    from manor._codec.reducers import reduce_array as reduce_array
    from manor._proxy.auto import AutoProxy as AutoProxy
    from manor._proxy.auto import MakeProxyType as MakeProxyType
    from manor._proxy.base import BaseProxy as BaseProxy
    from manor._proxy.base import RebuildProxy as RebuildProxy
    from manor._proxy.collections.counters import CounterProxy as CounterProxy
    from manor._proxy.collections.deques import DequeProxy as DequeProxy
    from manor._proxy.collections.mappings import ChainMapProxy as ChainMapProxy
    from manor._proxy.collections.mappings import DefaultDictProxy as DefaultDictProxy
    from manor._proxy.collections.mappings import OrderedDictProxy as OrderedDictProxy
    from manor._proxy.containers.dicts import BaseDictProxy as _BaseDictProxy  # noqa: F401
    from manor._proxy.containers.dicts import DictProxy as DictProxy
    from manor._proxy.containers.lists import BaseListProxy as BaseListProxy
    from manor._proxy.containers.lists import ListProxy as ListProxy
    from manor._proxy.containers.sets import BaseSetProxy as _BaseSetProxy  # noqa: F401
    from manor._proxy.containers.sets import SetProxy as SetProxy
    from manor._proxy.pools import BasePoolProxy as BasePoolProxy
    from manor._proxy.pools import PoolProxy as PoolProxy
    from manor._proxy.synchronization import AcquirerProxy as AcquirerProxy
    from manor._proxy.synchronization import BarrierProxy as BarrierProxy
    from manor._proxy.synchronization import ConditionProxy as ConditionProxy
    from manor._proxy.synchronization import EventProxy as EventProxy
    from manor._proxy.values import ArrayProxy as ArrayProxy
    from manor._proxy.values import IteratorProxy as IteratorProxy
    from manor._proxy.values import NamespaceProxy as NamespaceProxy
    from manor._proxy.values import ValueProxy as ValueProxy
    from manor._server.registry import all_methods as all_methods
    from manor._server.registry import public_methods as public_methods
    from manor._server.server import Server as Server
    from manor._server.types import Array as Array
    from manor._server.types import Namespace as Namespace
    from manor._server.types import Value as Value
    from manor._wire.tokens import Token as Token
    from manor.errors import RemoteError as RemoteError
    from manor.managers.base import BaseManager as BaseManager
    from manor.managers.registering import State as State
    from manor.managers.shared_memory import SharedMemoryManager as SharedMemoryManager
    from manor.managers.shared_memory import SharedMemoryServer as SharedMemoryServer
    from manor.managers.shared_memory import _SharedMemoryTracker as _SharedMemoryTracker
    from manor.managers.standard import ProcessLocalSet as ProcessLocalSet
    from manor.managers.standard import convert_to_error as convert_to_error
    from manor.managers.standard import dispatch as dispatch
    from manor.managers.standard import listener_client as listener_client
    from manor.managers.sync import SyncManager as SyncManager

__all__ = ["BaseManager", "BaseProxy", "SharedMemoryManager", "SyncManager", "Token"]

HAS_SHMEM = True

_HOMES: Final[dict[str, tuple[str, str]]] = {
    "AcquirerProxy": ("manor._proxy.synchronization", "AcquirerProxy"),
    "Array": ("manor._server.types", "Array"),
    "ArrayProxy": ("manor._proxy.values", "ArrayProxy"),
    "AutoProxy": ("manor._proxy.auto", "AutoProxy"),
    "BarrierProxy": ("manor._proxy.synchronization", "BarrierProxy"),
    "BaseListProxy": ("manor._proxy.containers.lists", "BaseListProxy"),
    "BaseManager": ("manor.managers.base", "BaseManager"),
    "BasePoolProxy": ("manor._proxy.pools", "BasePoolProxy"),
    "BaseProxy": ("manor._proxy.base", "BaseProxy"),
    "ChainMapProxy": ("manor._proxy.collections.mappings", "ChainMapProxy"),
    "ConditionProxy": ("manor._proxy.synchronization", "ConditionProxy"),
    "CounterProxy": ("manor._proxy.collections.counters", "CounterProxy"),
    "DefaultDictProxy": ("manor._proxy.collections.mappings", "DefaultDictProxy"),
    "DequeProxy": ("manor._proxy.collections.deques", "DequeProxy"),
    "DictProxy": ("manor._proxy.containers.dicts", "DictProxy"),
    "EventProxy": ("manor._proxy.synchronization", "EventProxy"),
    "IteratorProxy": ("manor._proxy.values", "IteratorProxy"),
    "ListProxy": ("manor._proxy.containers.lists", "ListProxy"),
    "MakeProxyType": ("manor._proxy.auto", "MakeProxyType"),
    "Namespace": ("manor._server.types", "Namespace"),
    "NamespaceProxy": ("manor._proxy.values", "NamespaceProxy"),
    "OrderedDictProxy": ("manor._proxy.collections.mappings", "OrderedDictProxy"),
    "PoolProxy": ("manor._proxy.pools", "PoolProxy"),
    "ProcessLocalSet": ("manor.managers.standard", "ProcessLocalSet"),
    "RebuildProxy": ("manor._proxy.base", "RebuildProxy"),
    "RemoteError": ("manor.errors", "RemoteError"),
    "Server": ("manor._server.server", "Server"),
    "SetProxy": ("manor._proxy.containers.sets", "SetProxy"),
    "SharedMemoryManager": ("manor.managers.shared_memory", "SharedMemoryManager"),
    "SharedMemoryServer": ("manor.managers.shared_memory", "SharedMemoryServer"),
    "State": ("manor.managers.registering", "State"),
    "SyncManager": ("manor.managers.sync", "SyncManager"),
    "Token": ("manor._wire.tokens", "Token"),
    "Value": ("manor._server.types", "Value"),
    "ValueProxy": ("manor._proxy.values", "ValueProxy"),
    "_BaseDictProxy": ("manor._proxy.containers.dicts", "BaseDictProxy"),
    "_BaseSetProxy": ("manor._proxy.containers.sets", "BaseSetProxy"),
    "_SharedMemoryTracker": ("manor.managers.shared_memory", "_SharedMemoryTracker"),
    "all_methods": ("manor._server.registry", "all_methods"),
    "convert_to_error": ("manor.managers.standard", "convert_to_error"),
    "dispatch": ("manor.managers.standard", "dispatch"),
    "listener_client": ("manor.managers.standard", "listener_client"),
    "public_methods": ("manor._server.registry", "public_methods"),
    "rebuild_as_list": ("manor._codec.reducers", "rebuild_as_list"),
    "reduce_array": ("manor._codec.reducers", "reduce_array"),
}
"""Where each name is defined, and as what; those outside ``__all__`` are used by existing code all the same."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home[0]), home[1])
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
