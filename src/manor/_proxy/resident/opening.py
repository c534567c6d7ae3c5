"""From the names of objects in shared memory to proxies."""

from __future__ import annotations

from typing import Any, Final

from manor._codec.codec import codec_for
from manor._codec.context import travel
from manor._proxy.base import RebuildProxy
from manor._proxy.collections.counters import CounterProxy
from manor._proxy.collections.deques import DequeProxy
from manor._proxy.collections.mappings import DefaultDictProxy
from manor._proxy.containers.dicts import DictProxy
from manor._proxy.containers.lists import ListProxy
from manor._proxy.containers.sets import SetProxy
from manor._proxy.queues import QueueProxy, SimpleQueueProxy
from manor._proxy.resident.collections import make_collection
from manor._proxy.resident.proxies import (
    CLASSES,
    ResidentDict,
    ResidentList,
    ResidentNamespace,
    ResidentSet,
    ResidentValue,
)
from manor._proxy.synchronization import AcquirerProxy, BarrierProxy, ConditionProxy, EventProxy
from manor._proxy.values import ArrayProxy, NamespaceProxy, ValueProxy
from manor._resident import attachment
from manor._resident.attachment import Arena
from manor._resident.boxes import STAND_IN_TAG
from manor._resident.kinds import NAMESPACE_TAG, type_of
from manor._resident.stand_ins import StandIn
from manor._resident.tags import DEEP
from manor._wire.tokens import Route, Token

__all__ = ["CLASSES", "make", "make_deep", "open_object", "open_resident", "rebuild", "served_class"]

_SERVED: Final[dict[str, type]] = {
    "dict": DictProxy,
    "list": ListProxy,
    "set": SetProxy,
    "Value": ValueProxy,
    "Array": ArrayProxy,
    "Namespace": NamespaceProxy,
    "Lock": AcquirerProxy,
    "RLock": AcquirerProxy,
    "Semaphore": AcquirerProxy,
    "BoundedSemaphore": AcquirerProxy,
    "Event": EventProxy,
    "Condition": ConditionProxy,
    "Barrier": BarrierProxy,
    "Queue": QueueProxy,
    "JoinableQueue": QueueProxy,
    "LifoQueue": QueueProxy,
    "PriorityQueue": QueueProxy,
    "SimpleQueue": SimpleQueueProxy,
    "deque": DequeProxy,
    "Counter": CounterProxy,
    "defaultdict": DefaultDictProxy,
}


def served_class(typeid: str) -> Any:
    """Return the class of proxies that reach such an object through the server."""
    return _SERVED[typeid]


def open_object(arena: Arena, kind: int, tag: int, handle: tuple[int, int]) -> Any:
    """Return a proxy for an object of the arena.

    Raises:
        ObjectGone: Nobody holds it any more.
    """
    if tag == STAND_IN_TAG:
        stand_in = StandIn(arena, handle)
        record = stand_in.get()
        proxy = codec_for("pickle").decode(memoryview(record)) if isinstance(record, bytes) else RebuildProxy(*record)
        proxy._stand_in = stand_in  # keeps the object until the server knows that the proxy does
        return proxy
    return CLASSES[type_of(kind, tag)](arena, handle)


def open_resident(arena: Arena, typeid: str, handle: tuple[int, int]) -> Any:
    """Return a proxy for an object of the arena whose type is known."""
    return CLASSES[typeid](arena, handle)


def make(arena: Arena, typeid: str, args: tuple[Any, ...], kwds: dict[str, Any], *, deep: bool = False) -> Any:
    """Make an object of a standard type; the arguments, and the errors for wrong ones, are those of the type.

    *deep* is whether plain containers become shared ones when they are stored there.
    """
    bit = DEEP if deep else 0
    if typeid == "dict":
        if not args and not kwds:
            return ResidentDict(arena, None, bit)
        items = dict(*args, **kwds)
        proxy: Any = ResidentDict(arena, None, bit)
        proxy.update(items)
    elif typeid == "list":
        values: list[Any] = list(*args, **kwds)
        proxy = ResidentList(arena, None, bit)
        if values:
            proxy.extend(values)
    elif typeid == "set":
        members: set[Any] = set(*args, **kwds)
        proxy = ResidentSet(arena, None, bit)
        proxy.update(members)
    elif typeid == "Namespace":
        if args:
            raise TypeError(f"Namespace.__init__() takes 1 positional argument but {len(args) + 1} were given")
        proxy = ResidentNamespace(arena, None, NAMESPACE_TAG | bit)
        given = list(kwds.values())
        attributes: list[Any] = arena.hooks.share_all(given) if deep else given
        for name, value in zip(kwds, attributes, strict=True):
            proxy._store(name, value)
    elif typeid in ("deque", "Counter", "defaultdict"):
        proxy = make_collection(arena, typeid, args, kwds, bit)
    elif typeid == "Value" and deep:
        proxy = ResidentValue.create(arena, *args, deep=bit, **kwds)
    else:
        create: Any = CLASSES[typeid]
        proxy = create.create(arena, *args, **kwds)
    return proxy


def make_deep(arena: Arena, typeid: str) -> Any:
    """Make an empty container in which plain containers become shared ones."""
    return make(arena, typeid, (), {}, deep=True)


def rebuild(server: bytes, typeid: str, handle: tuple[int, int], where: bytes, ident: int, key: bytes | None) -> Any:
    """Return the proxy that was pickled, or what stands for it in this process.

    Args:
        server: 16 bytes that name the server.
        typeid: The object's type.
        handle: Its offset and generation.
        where: Address and route of the server, for a process that does not know it yet.
        ident: The server's number for the object, of which it has counted us as a holder; or 0.
        key: The server's key, where that travelled along; or None.
    """
    credit = travel.sender.hold(ident, credited=True) if ident and travel.sender is not None else None
    arena = attachment.find(server)
    if arena is not None:
        return CLASSES[typeid](arena, handle)
    address, route = codec_for("pickle").decode(memoryview(where))
    token = Token(typeid, address, Token.id_of(handle), Route(*route))
    if credit is not None:
        credit.link.memory.noted(token.id, credit)
    return RebuildProxy(_SERVED[typeid], token, "pickle", {} if key is None else {"authkey": key})
