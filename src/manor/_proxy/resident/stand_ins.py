"""Objects that are served, in shared containers: variables that stand for them.

A container in shared memory can refer to what is in the arena only. So the server makes a variable for an object of its
own that is stored, and keeps the object for as long as anybody holds the variable. The variable's value says how to
make a proxy.
"""

from __future__ import annotations

from typing import Any

from manor._proxy.base import BaseProxy, resident_proxy
from manor._resident.attachment import Arena
from manor._resident.boxes import Storing, boxed
from manor._resident.stand_ins import StandIn
from manor._wire.calls import SERVER
from manor.errors import ObjectGone

__all__ = ["store"]


def store(storing: Storing, proxy: BaseProxy) -> tuple[Any, ...]:
    """Have the box that is being filled refer to the object of a served proxy; return what to pickle for it."""
    token = proxy._token
    resident = resident_proxy(token, proxy._link)
    if resident is not None:
        return boxed, (storing.add(resident),)
    return boxed, (storing.add(_stand_in(storing.arena, proxy)),)


def _stand_in(arena: Arena, proxy: BaseProxy) -> StandIn:
    while True:
        handle = proxy._link.call(SERVER, "stand_in", (proxy._ident,))
        try:
            stand_in = StandIn(arena, tuple(handle))
        except ObjectGone:  # nobody held it for a moment
            continue
        if stand_in.get() is None:
            stand_in.set(proxy._record())
        return stand_in
