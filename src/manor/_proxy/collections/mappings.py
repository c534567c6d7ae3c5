"""``OrderedDictProxy``, ``DefaultDictProxy`` and ``ChainMapProxy``."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar

from manor._proxy.containers.base import plain
from manor._proxy.containers.dicts import DICT_EXPOSED, BaseDictProxy, DictProxy

__all__ = ["ChainMapProxy", "DefaultDictProxy", "OrderedDictProxy"]

K = TypeVar("K")
V = TypeVar("V")


class OrderedDictProxy(DictProxy[K, V]):
    """Stands for an ordered dict; ``copy()`` gives a plain one. Two that are compared must have the same order."""

    _exposed_ = (*DICT_EXPOSED, "move_to_end")
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {"__iter__": "Iterator"}
    _changing_ = DictProxy._changing_ | {"move_to_end"}

    def copy(self) -> collections.OrderedDict[K, V]:
        """Return a copy, as a plain ordered dict."""
        return self._callmethod("copy")

    def move_to_end(self, key: K, last: bool = True) -> None:
        """Move *key* behind all others, or before them; raise ``KeyError`` if it is missing."""
        self._callmethod("move_to_end", (key, last))

    def popitem(self, last: bool = True) -> tuple[K, V]:
        """Remove and return the last item, or the first; raise ``KeyError`` when empty."""
        return self._callmethod("popitem", (last,))

    def items(self) -> list[tuple[K, V]]:
        """Return a list of the items as they are now."""
        return list(self.copy().items())

    def keys(self) -> list[K]:
        """Return a list of the keys as they are now."""
        return list(self.copy())

    def values(self) -> list[V]:
        """Return a list of the values as they are now."""
        return list(self.copy().values())


class DefaultDictProxy(DictProxy[K, V]):
    """Stands for a defaultdict whose containers are shared ones: ``d[key].append(1)`` works from any process.

    A missing key gets exactly one value, also when several processes ask for it at once.
    """

    _exposed_ = (*DICT_EXPOSED, "__getattribute__", "__missing__")
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {"__iter__": "Iterator"}
    _changing_ = DictProxy._changing_ | {"__getitem__", "__missing__"}

    @property
    def default_factory(self) -> Callable[[], V] | None:
        """What makes the value of a missing key, or None."""
        return self._callmethod("__getattribute__", ("default_factory",))

    def copy(self) -> collections.defaultdict[K, V]:
        """Return a copy, as a plain defaultdict; containers in it are the shared ones."""
        return self._callmethod("copy")

    def __missing__(self, key: K, /) -> V:
        return self._callmethod("__missing__", (key,))


_CHAIN_EXPOSED: Final = (
    "__contains__", "__delitem__", "__getitem__", "__iter__", "__len__", "__setitem__", "clear", "get", "get_maps",
    "get_parents", "items", "keys", "new_child", "pop", "popitem", "setdefault", "update", "values",
)  # fmt: skip


class ChainMapProxy(BaseDictProxy[K, V]):
    """Stands for a chain of dicts, each of which is a shared one; what is written goes to the first."""

    _exposed_ = _CHAIN_EXPOSED
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {
        "__iter__": "Iterator", "new_child": "ChainMap", "get_parents": "ChainMap",
    }  # fmt: skip
    _like_ = (dict, collections.ChainMap)

    @property
    def maps(self) -> list[MutableMapping[K, V]]:
        """Proxies of the dicts, the first one first; the list is a copy."""
        return self._callmethod("get_maps")

    @property
    def parents(self) -> ChainMapProxy[K, V]:
        """A new shared chain of all dicts but the first."""
        return self._callmethod("get_parents")

    def new_child(self, m: Any = None, **items: V) -> ChainMapProxy[K, V]:
        """Return a new shared chain of a new dict, or *m*, with *items*, and all of ours."""
        return self._callmethod("new_child", (m,), items)

    def __reversed__(self) -> Iterator[K]:
        return reversed(list(self))

    def __missing__(self, key: K, /) -> NoReturn:
        raise KeyError(key)

    def fromkeys(self, keys: Iterable[K], value: Any = None, /) -> collections.ChainMap[K, Any]:  # type: ignore[override]
        """Return a plain chain of one dict with *keys*, all with the same *value*."""
        return collections.ChainMap(dict.fromkeys(keys, value))

    def copy(self) -> collections.ChainMap[K, V]:  # type: ignore[override]
        """Return a plain chain of plain copies."""
        return self._getvalue()

    def __or__(self, other: Any, /) -> collections.ChainMap[K, V]:  # type: ignore[override]
        other = plain(other)
        return self.copy() | other if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Any, /) -> collections.ChainMap[K, V]:  # type: ignore[override]
        return other | self.copy() if isinstance(other, Mapping) else NotImplemented

    def __ior__(self, other: Any, /) -> Self:  # type: ignore[override]  # in place
        self.update(other)
        return self
