"""Proxies of objects that have a name, of managers that have one: they outlive the manager.

An operation that finds its manager dead looks for the manager that has the name now, and for the object of the same
name and type there. If both are there, it runs on that one, and the proxy stands for that one from then on; what the
former held is gone. Otherwise it raises ``ManagerDied`` as any other proxy's.

Memory whose server was killed, and whose owner, too, has nobody to end it. So each operation looks at the epoch of the
manager's name, a number in a file that is mapped; when it changes, the name has gone to another one, and the memory of
the former is ended by whoever sees that first.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from manor._codec.context import travel
from manor._proxy.delegation import delegating, special_names
from manor._proxy.local import local_servers
from manor._proxy.whole.renewing import renewing_link
from manor._resident import attachment
from manor._transport.peers import machine_id
from manor._transport.runtime_folder import RuntimeFolder
from manor._wire.references import Reference
from manor.errors import ManagerDied

__all__ = ["renewable"]

_FOUND_AGAIN: Final = Reference("manor.managers.discovery", "found_again")
"""It makes managers, which are above this package."""
_FIND: Final = Reference("manor._engines.registry_of_names", "find")
_NO_EPOCH: Final = ((0,), 0)
_epochs: Final[dict[tuple[str, bytes], tuple[Any, int]]] = {}
_PRIVATE: Final = ("_callmethod", "_getvalue")
_OWN: Final = frozenset({"__class__", "__dict__"})
_become: Final = vars(object)["__class__"].__set__
"""Objects of users' classes say of themselves that they are of these."""
_classes: Final[dict[tuple[type, Callable[[type], type]], type]] = {}


class _Names(NamedTuple):
    """What an object is called, and by whom: names mean nothing on another machine or to another user."""

    manager: str
    name: str
    machine: bytes
    user: int

    @property
    def are_ours(self) -> bool:
        """Whether they mean something here."""
        return self.machine == machine_id() and self.user == os.geteuid()

    def found(self, typeid: str, dead: bytes) -> Any:
        """Return the object that has the names now, or None."""
        if not self.are_ours:
            return None
        return _FOUND_AGAIN(self.manager, self.name, typeid, dead)


def renewable(proxy: Any, manager: str, name: str) -> Any:
    """Return *proxy*, which outlives its manager from now on.

    Args:
        proxy: Of an object that has the name *name*.
        manager: The name of its manager.
        name: The name of the object.
    """
    return _named(proxy, _Names(manager, name, machine_id(), os.geteuid()))


def _named(proxy: Any, names: _Names) -> Any:
    own = proxy.__dict__
    own["_names"] = names
    own["_epoch"], own["_seen"] = _epoch_of(names, proxy._token.route.server)
    _become(proxy, _class_of(type(proxy), _renewable_class))
    return proxy


def _class_of(cls: type, make: Callable[[type], type]) -> type:
    """Return what *make* makes of *cls*, once for each."""
    found = _classes.get((cls, make))
    if found is None:
        found = _classes[cls, make] = make(cls)
    return found


def _epoch_of(names: _Names, server: bytes) -> tuple[Any, int]:
    """Return a view of the epoch of a manager's name, and what that is as long as *server* has the name."""
    found = _epochs.get((names.manager, server))
    if found is None:
        if not names.are_ours:
            return _NO_EPOCH
        entry = _FIND(names.manager)
        if entry is None or entry.server != server:
            return _NO_EPOCH
        for known in [known for known in _epochs if known[0] == names.manager]:  # those of former servers
            del _epochs[known]
        with RuntimeFolder.of_user() as folder:
            found = _epochs[names.manager, server] = (folder.epoch(names.manager), entry.epoch)
    return found


def _look(proxy: Any) -> None:
    """End the memory of a manager whose name another one has; what is to be done then raises ``ManagerDied``."""
    own = proxy.__dict__
    seen = own["_epoch"][0]
    if seen == own["_seen"]:
        return
    entry, server = _FIND(_names_of(proxy).manager), proxy._token.route.server
    arena = attachment.find(server)
    if entry is not None and entry.server != server and arena is not None:
        arena.end()
    own["_seen"] = seen


def _names_of(proxy: Any) -> _Names:
    names: _Names = object.__getattribute__(proxy, "__dict__")["_names"]
    return names


def _renewed(proxy: Any) -> Any:
    """Return the proxy that *proxy* has become another face of, or None."""
    names = _names_of(proxy)
    found = names.found(proxy._token.typeid, proxy._token.route.server)
    if found is None:
        return None
    own = proxy.__dict__
    if _hashes_by_itself(type(proxy)):
        own["_hash"] = hash(proxy)
    own["_renewed"] = found
    _become(proxy, _class_of(type(proxy), _renewed_class))
    return found


def _target(proxy: Any) -> Any:
    """Return whom a renewed proxy asks; the last, if that one was renewed in turn."""
    own = object.__getattribute__(proxy, "__dict__")
    while (further := object.__getattribute__(own["_renewed"], "__dict__").get("_renewed")) is not None:
        own["_renewed"] = further
    return own["_renewed"]


def _renewed_class(cls: type) -> type:
    hashing = {"__hash__": _former_hash} if _hashes_by_itself(cls) else {}
    return type(cls.__name__, (delegating(cls, cls, _target, _OWN),), {"__slots__": (), **hashing})


def _hashes_by_itself(cls: Any) -> bool:
    """Whether the hash is the proxy's, and must stay; a user's class may have one, or none, that it asks for."""
    return not getattr(cls, "_is_whole_", False) or "__hash__" not in cls._shape_.special


def _former_hash(proxy: Any) -> int:
    former: int = object.__getattribute__(proxy, "__dict__")["_hash"]
    return former


def _renewable_class(cls: type) -> type:
    """Return the class of proxies that look for their object anew."""
    is_whole = getattr(cls, "_is_whole_", False)
    body: dict[str, Any] = {"_link": renewing_link(_look, _renewed)} if is_whole else _renewing(cls)
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


def _renewing(cls: type) -> dict[str, Any]:
    """Return everything that calls the object."""
    body: dict[str, Any] = {name: _method(name, getattr(cls, name)) for name in (*special_names(cls), *_PRIVATE)}
    for name in dir(cls):
        if name.startswith("_"):
            continue
        found = inspect.getattr_static(cls, name)
        if callable(found):
            body[name] = _method(name, found)
        elif inspect.isdatadescriptor(found):
            body[name] = _property(name, found)
    body.update((name, _hot(name, getattr(cls, name))) for name in ("__getitem__", "__contains__") if name in body)
    if "__setitem__" in body:
        body["__setitem__"] = _hot_setitem(inspect.getattr_static(cls, "__setitem__"))
    return body


def _hot(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    """As ``_method``, for a method with one argument: half as expensive."""

    def method(self: Any, item: Any, /) -> Any:
        try:
            if self._epoch[0] != self._seen:
                _look(self)
            return own(self, item)
        except ManagerDied:
            found = _renewed(self)
            if found is None:
                raise
        return getattr(type(found), name)(found, item)

    method.__name__ = name
    return method


def _hot_setitem(own: Callable[..., Any]) -> Callable[..., Any]:
    def __setitem__(self: Any, item: Any, value: Any, /) -> None:  # noqa: N807 - it becomes that
        try:
            if self._epoch[0] != self._seen:
                _look(self)
            own(self, item, value)
        except ManagerDied:
            found = _renewed(self)
            if found is None:
                raise
            found[item] = value

    return __setitem__


def _method(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(own, assigned=("__doc__", "__name__"), updated=())
    def method(self: Any, /, *args: Any, **kwds: Any) -> Any:
        try:
            _look(self)
            return own(self, *args, **kwds)
        except ManagerDied:
            found = _renewed(self)
            if found is None:
                raise
        result = getattr(type(found), name)(found, *args, **kwds)
        return self if result is found else result

    return method


def _property(name: str, own: Any) -> property:
    def read(self: Any) -> Any:
        try:
            _look(self)
            return own.__get__(self, type(self))
        except ManagerDied:
            found = _renewed(self)
            if found is None:
                raise
        return getattr(found, name)

    def write(self: Any, value: Any) -> None:
        try:
            _look(self)
            own.__set__(self, value)
            return
        except ManagerDied:
            found = _renewed(self)
            if found is None:
                raise
        setattr(found, name, value)

    return property(read, write, doc=own.__doc__)


def _reducer(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    inherited = cls.__reduce__

    def reduce(self: Any) -> tuple[Any, ...]:
        record: tuple[Any, ...] = inherited(self)
        if travel.storing is not None:  # a container holds the object, not its name
            return record
        return _rebuild, (tuple(_names_of(self)), self._token.typeid, self._token.route.server, *record)

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
        found = _Names(*names).found(typeid, server)
        if found is None:
            raise
        return found
    return proxy if server in local_servers else _named(proxy, _Names(*names))
