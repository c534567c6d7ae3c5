"""Proxies of objects that have a name, of managers that have one: they outlive the manager.

An operation that finds its manager dead looks for the manager that has the name now, and for the object of the same
name and type there. If both are there, it runs on that one, and the proxy stands for that one from then on; what the
former held is gone. Otherwise it raises ``ManagerDied`` as any other proxy's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from manor._codec.context import travel
from manor._proxy.epochs import Names, epoch_of, look, names_of
from manor._proxy.local import local_servers
from manor._proxy.renewed import become, class_of, renewed, renewing
from manor._proxy.whole.renewing import renewing_link
from manor._transport.peers import machine_id
from manor.errors import ManagerDied

__all__ = ["renewable"]


def renewable(proxy: Any, manager: str, name: str) -> Any:
    """Return *proxy*, which outlives its manager from now on.

    Args:
        proxy: Of an object that has the name *name*.
        manager: The name of its manager.
        name: The name of the object.
    """
    return _named(proxy, Names(manager, name, machine_id(), os.geteuid()))


def _named(proxy: Any, names: Names) -> Any:
    own = proxy.__dict__
    own["_names"] = names
    own["_epoch"], own["_seen"] = epoch_of(names, proxy._token.route.server)
    become(proxy, class_of(type(proxy), _renewable_class))
    return proxy


def _renewable_class(cls: type) -> type:
    """Return the class of proxies that look for their object anew."""
    is_whole = getattr(cls, "_is_whole_", False)
    body: dict[str, Any] = {"_link": renewing_link(look, renewed)} if is_whole else renewing(cls)
    body["__reduce__"] = _reducer(cls)
    if "_record" in dir(cls):
        body["_record"] = _recorder(cls)
    kept = {
        "__slots__": (),
        "_renews": cls,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__hash__": cls.__hash__,
    }
    return type(cls.__name__, (cls,), {**body, **kept})


def _reducer(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    inherited = cls.__reduce__

    def reduce(self: Any) -> tuple[Any, ...]:
        record: tuple[Any, ...] = inherited(self)
        if travel.storing is not None:  # a container holds the object, not its name
            return record
        return _rebuild, (tuple(names_of(self)), self._token.typeid, self._token.route.server, *record)

    return reduce


def _recorder(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    def record(self: Any) -> tuple[Any, ...]:
        kind, *others = cls._record(self)
        return (cls if kind is type(self) else kind, *others)  # whose name leads to it

    return record


def _rebuild(
    names: tuple[str, str, bytes, int], typeid: str, server: bytes, rebuild: Callable[..., Any], args: tuple[Any, ...]
) -> Any:
    try:
        proxy = rebuild(*args)
    except ManagerDied:
        found = Names(*names).found(typeid, server)
        if found is None:
            raise
        return found
    return proxy if server in local_servers else _named(proxy, Names(*names))
