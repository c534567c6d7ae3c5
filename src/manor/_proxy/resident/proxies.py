"""What a proxy is when this process is attached to the arena: the object's methods work on shared memory.

``isinstance(proxy, DictProxy)`` holds as for a proxy that calls the server; which class it is, is private.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from manor._proxy.containers.dicts import DictProxy
from manor._proxy.containers.lists import ListProxy
from manor._proxy.containers.sets import SetProxy
from manor._proxy.resident.base import CLASSES, ResidentProxy
from manor._proxy.resident.collections import COLLECTIONS
from manor._proxy.resident.containers import ResidentContainer
from manor._proxy.resident.queues import QUEUES
from manor._proxy.resident.waiting import WAITED_FOR
from manor._proxy.values import ArrayProxy, NamespaceProxy, ValueProxy
from manor._resident.arrays import Array
from manor._resident.dicts import Dict
from manor._resident.lists import List
from manor._resident.sets import Set
from manor._resident.tags import TYPE_BITS
from manor._resident.values import Namespace, Value
from manor._wire.references import Reference

_VALUE: Final = Reference("manor._server.types", "Value")
_NAMESPACE: Final = Reference("manor._server.types", "Namespace")
"""Copies are what the server would host."""

__all__ = [
    "CLASSES",
    "ResidentArray",
    "ResidentDict",
    "ResidentList",
    "ResidentNamespace",
    "ResidentProxy",
    "ResidentSet",
    "ResidentValue",
]


class ResidentDict(ResidentContainer, Dict, DictProxy[Any, Any]):
    """A dict in shared memory."""

    _typeid = "dict"


class ResidentList(ResidentContainer, List, ListProxy[Any]):
    """A list in shared memory."""

    _typeid = "list"


class ResidentSet(ResidentContainer, Set, SetProxy[Any]):
    """A set in shared memory."""

    _typeid = "set"


class ResidentValue(ResidentProxy, Value, ValueProxy[Any]):
    """One value in shared memory."""

    _typeid = "Value"

    def _getvalue(self) -> Any:
        tag = self._tag & TYPE_BITS
        return _VALUE(chr(tag) if tag else ..., self.get())  # only a single character is kept


class ResidentArray(ResidentProxy, Array, ArrayProxy):
    """An array in shared memory."""

    _typeid = "Array"


class ResidentNamespace(ResidentProxy, Namespace, NamespaceProxy):
    """A namespace in shared memory."""

    _typeid = "Namespace"

    def _getvalue(self) -> Any:
        return _NAMESPACE(**self._attributes())

    def __getattr__(self, name: str) -> Any:
        return object.__getattribute__(self, name) if name.startswith("_") else super().__getattribute__(name)

    def _callmethod(self, methodname: str, args: tuple[Any, ...] = (), kwds: Mapping[str, Any] = {}) -> Any:
        """Call a method as the server's object has it, which has attributes of any name."""
        if methodname == "__getattribute__":
            return getattr(self._getvalue(), *args)
        if methodname == "__setattr__":
            return self._store(*args)
        return self._remove(*args) if methodname == "__delattr__" else super()._callmethod(methodname, args, kwds)


CLASSES.update(
    (cls._typeid, cls)
    for cls in (
        ResidentArray, ResidentDict, ResidentList, ResidentNamespace, ResidentSet, ResidentValue,
        *COLLECTIONS, *QUEUES, *WAITED_FOR,
    )
)  # fmt: skip
for _class in CLASSES.values():
    _class.__name__ = _class.__bases__[-1].__name__  # Python's own messages name it: by the class that users know
