"""Proxies that a forked child has inherited and cannot use as they are: there was no place in the arena for it.

Their class is changed to one whose methods are those of a proxy that reaches the same object through the server.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any, Final

from manor._proxy.base import RebuildProxy
from manor._proxy.resident.opening import CLASSES, served_class
from manor._resident.attachment import Arena
from manor._wire.tokens import Token
from manor.errors import ManorWarning

__all__ = ["detach"]

_NO_PLACE: Final = (
    "this process was forked while every slot of the arena was taken: objects are reached through the manager's server"
)
_OWN: Final = frozenset({"__class__", "__dict__", "__weakref__", "_arena", "_handle", "_manager", "_typeid"})
"""Attributes of the inherited proxy itself."""
_ASKED: Final = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__repr__", "__str__", "__reduce__"}
_KEPT: Final = ({*vars(object), "__getattr__", "__dict__", "__weakref__", "__class_getitem__"} - _ASKED) | {"__hash__"}
"""Special methods that stay as they are; equal hashes in particular must stay equal."""


def detach(arena: Arena) -> None:
    """Have every proxy of an object in *arena* reach it through the server, in this process, which was just forked."""
    link = arena.hooks.where.link
    if link is not None:
        link.memory.refuse()
    for found in gc.get_objects():
        known = _DETACHED.get(type(found))
        if known is not None and _arena_of(found) is arena:
            found.__class__ = known


def _arena_of(proxy: Any) -> Arena:
    return object.__getattribute__(proxy, "_arena")


def _served(proxy: Any) -> Any:
    """Return the proxy that calls the server; the first one of a process warns."""
    own = object.__getattribute__(proxy, "__dict__")
    served = own.get("_served")
    if served is None:
        hooks = _arena_of(proxy).hooks
        if not hooks.is_detached:
            hooks.is_detached = True
            warnings.warn(_NO_PLACE, ManorWarning, stacklevel=3)
        typeid: str = type(proxy)._typeid
        token = Token(typeid, hooks.where.public_address, Token.id_of(proxy._handle), hooks.where.route)
        served = own["_served"] = RebuildProxy(served_class(typeid), token, "pickle", {})
    return served


class _Detached:
    """What the inherited proxies become: all that is asked of them is asked of others."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, name) if name in _OWN else getattr(_served(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(_served(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_served(self), name)


def _special(name: str) -> Callable[..., Any]:
    def method(self: Any, /, *args: Any, **kwds: Any) -> Any:
        served = _served(self)
        result = getattr(type(served), name)(served, *args, **kwds)
        return self if result is served else result

    method.__name__ = name
    return method


def _detached(cls: type) -> type:
    """Return the class that proxies of *cls* become."""
    served = served_class(cls._typeid)  # type: ignore[attr-defined]
    names = {name for name in dir(served) if name.startswith("__") and name.endswith("__")} - _KEPT
    special = {name: _special(name) for name in sorted(names) if callable(getattr(served, name))}
    return type(cls.__name__, (_Detached, cls), {"__slots__": (), "__module__": cls.__module__, **special,
                                                 "__hash__": cls.__hash__})  # fmt: skip


_DETACHED: Final[dict[type, type]] = {cls: _detached(cls) for cls in CLASSES.values()}
