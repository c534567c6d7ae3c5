"""Objects that are served, in shared containers: variables that stand for them.

A container in shared memory can refer to what is in the arena only. So the server makes a variable for an object of its
own that is stored, and keeps the object for as long as anybody holds the variable. The variable's value says how to
make a proxy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from manor._codec import pickles
from manor._codec.context import travel
from manor._proxy.base import BaseProxy, resident_proxy
from manor._resident.attachment import Arena
from manor._resident.boxes import Storing, boxed
from manor._resident.stand_ins import StandIn
from manor._wire.calls import SERVER
from manor.errors import ManagerDied, ObjectGone

__all__ = ["store", "store_foreign"]


def store(storing: Storing, proxy: BaseProxy) -> tuple[Any, ...]:
    """Have the box that is being filled refer to the object of a served proxy; return what to pickle for it."""
    link = proxy._link
    if link.arena is not storing.arena:
        return store_foreign(storing, proxy)
    resident = resident_proxy(proxy._token, link)
    if resident is not None:
        return boxed, (storing.add(resident),)
    return boxed, (storing.add(_stand_in(storing.arena, link, "stand_in", proxy._ident, proxy._record)),)


def store_foreign(storing: Storing, proxy: BaseProxy) -> tuple[Any, ...]:
    """The same for a proxy of another manager: the server of the container keeps one itself."""
    link = storing.arena.hooks.where.link
    if link is None:
        raise ManagerDied("the manager of a container is gone, which should keep an object of another one")
    travel.storing, outer = None, travel.storing
    try:
        stand_in = _stand_in(storing.arena, link, "keep", proxy, lambda: b"".join(pickles.dumps(proxy)))
    finally:
        travel.storing = outer
    return boxed, (storing.add(stand_in),)


def _stand_in(arena: Arena, link: Any, function: str, what: Any, record: Callable[[], Any]) -> StandIn:
    """Return the stand-in that a function of the server makes; its value is a *record* of how to make a proxy."""
    while True:
        handle = link.call(SERVER, function, (what,))
        try:
            stand_in = StandIn(arena, tuple(handle))
        except ObjectGone:  # nobody held it for a moment
            continue
        if stand_in.get() is None:
            stand_in.set(record())
        return stand_in
