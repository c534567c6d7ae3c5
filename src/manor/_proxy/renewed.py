"""Operations that look for their object anew when its manager is dead, and what their proxy becomes then.

A proxy whose object was found again stays the same Python object: it becomes another face of the proxy for what was
found, and asks that one from then on.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final

from manor._proxy.delegation import delegating, special_names
from manor._proxy.epochs import look, names_of
from manor.errors import ManagerDied

__all__ = ["become", "class_of", "renewed", "renewing"]

_PRIVATE: Final = ("_callmethod", "_getvalue")
_OWN: Final = frozenset({"__class__", "__dict__"})
become: Final = vars(object)["__class__"].__set__
"""Objects of users' classes say of themselves that they are of these."""
_classes: Final[dict[tuple[type, Callable[[type], type]], type]] = {}


def class_of(cls: type, make: Callable[[type], type]) -> type:
    """Return what *make* makes of *cls*, once for each."""
    found = _classes.get((cls, make))
    if found is None:
        found = _classes[cls, make] = make(cls)
    return found


def renewed(proxy: Any) -> Any:
    """Return the proxy that *proxy* has become another face of, or None."""
    names = names_of(proxy)
    found = names.found(proxy._token.typeid, proxy._token.route.server)
    if found is None:
        return None
    own = proxy.__dict__
    if _hashes_by_itself(type(proxy)):
        own["_hash"] = hash(proxy)
    own["_renewed"] = found
    become(proxy, class_of(type(proxy), _renewed_class))
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


def renewing(cls: type) -> dict[str, Any]:
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
                look(self)
            return own(self, item)
        except ManagerDied:
            found = renewed(self)
            if found is None:
                raise
        return getattr(type(found), name)(found, item)

    method.__name__ = name
    return method


def _hot_setitem(own: Callable[..., Any]) -> Callable[..., Any]:
    def __setitem__(self: Any, item: Any, value: Any, /) -> None:  # noqa: N807 - it becomes that
        try:
            if self._epoch[0] != self._seen:
                look(self)
            own(self, item, value)
        except ManagerDied:
            found = renewed(self)
            if found is None:
                raise
            found[item] = value

    return __setitem__


def _method(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(own, assigned=("__doc__", "__name__"), updated=())
    def method(self: Any, /, *args: Any, **kwds: Any) -> Any:
        try:
            look(self)
            return own(self, *args, **kwds)
        except ManagerDied:
            found = renewed(self)
            if found is None:
                raise
        result = getattr(type(found), name)(found, *args, **kwds)
        return self if result is found else result

    return method


def _property(name: str, own: Any) -> property:
    def read(self: Any) -> Any:
        try:
            look(self)
            return own.__get__(self, type(self))
        except ManagerDied:
            found = renewed(self)
            if found is None:
                raise
        return getattr(found, name)

    def write(self: Any, value: Any) -> None:
        try:
            look(self)
            own.__set__(self, value)
            return
        except ManagerDied:
            found = renewed(self)
            if found is None:
                raise
        setattr(found, name, value)

    return property(read, write, doc=own.__doc__)
