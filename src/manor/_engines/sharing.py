"""Making objects that contain others: the server makes those as well."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from manor._codec.carried import carried
from manor._engines.local_link import LocalLink
from manor._proxy.base import BaseProxy
from manor._resident.sharing import Sharing
from manor._resident.tags import CONTAINERS, factory_number
from manor._server.collections import ChainMap
from manor._server.deep import DEEP_TYPES, DeepDefaultDict
from manor._wire.deep import deep_typeid

__all__ = ["make_sharing"]

_DERIVED: Final[dict[type, str]] = {
    collections.deque: "deque",
    collections.OrderedDict: "OrderedDict",
    collections.Counter: "Counter",
    collections.defaultdict: "defaultdict",
}


class _DefaultDict(DeepDefaultDict):
    """Its factory may also make what derives from the built-in types."""

    _link: LocalLink

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        value = self.default_factory()
        typeid = _DERIVED.get(type(value))
        if typeid == "defaultdict":
            value = self._link.make(typeid, value.default_factory, value)
        elif typeid == "deque":
            value = self._link.make(typeid, value, *(() if value.maxlen is None else (value.maxlen,)))
        elif typeid is not None:
            value = self._link.make(typeid, value)
        return self.setdefault(key, value)


_DefaultDict.__name__ = "defaultdict"  # what `repr` says


def make_sharing(link: LocalLink, typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any], deep: bool) -> Any:
    """Make an object that the server hosts and that shares what is stored in it; None if that type shares nothing.

    Args:
        link: The server, as proxies in its own process see it.
        typeid: The type.
        args: The type's arguments.
        kwds: The same by keyword.
        deep: Whether that was asked for.
    """

    def share_all(values: Any) -> list[Any]:
        return Sharing(lambda inner: link.make(deep_typeid(inner))).all(values)

    if typeid == "ChainMap":
        return ChainMap(partial(_share_map, link, deep), *args, **kwds)
    if typeid == "defaultdict":
        collections.defaultdict(*args[:1])  # refuses what is no factory
        factory = args[0] if args else None
        if factory is None or (factory not in CONTAINERS and factory_number(factory) is not None and not deep):
            return None
        made = _DefaultDict(share_all, carried(factory), *args[1:], **kwds)
        made._link = link
        return made
    kind = DEEP_TYPES.get(typeid) if deep else None
    return None if kind is None else kind(share_all, *args, **kwds)


def _share_map(link: LocalLink, deep: bool, mapping: Any) -> Any:
    if isinstance(mapping, BaseProxy):
        return mapping
    items = () if mapping is None else (mapping,)
    return link.make(deep_typeid("dict") if deep else "dict", *items)
