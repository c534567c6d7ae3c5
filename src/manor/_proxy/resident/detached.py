"""Proxies that a forked child has inherited and cannot use as they are: there was no place in the arena for it.

Their class is changed to one whose methods are those of a proxy that reaches the same object through the server.
"""

from __future__ import annotations

import gc
import warnings
from typing import Any, Final

from manor._proxy.base import RebuildProxy
from manor._proxy.delegation import delegating
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


def detach(arena: Arena) -> None:
    """Have every proxy of an object in *arena* reach it through the server, in this process, which was just forked."""
    link = arena.hooks.where.link
    if link is not None and link.memory is not None:  # else it was forked by the server, and is about to have one
        link.memory.refuse()
    for found in gc.get_objects():
        known = _DETACHED.get(type(found)) or _DETACHED.get(getattr(type(found), "_renews", object))
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


_DETACHED: Final[dict[type, type]] = {
    cls: delegating(cls, served_class(cls._typeid), _served, _OWN) for cls in CLASSES.values()
}
