"""Types of the module ``collections`` where the server hosts them."""

from __future__ import annotations

import collections
import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

__all__ = ["ChainMap", "Counter", "OrderedDict", "defaultdict", "deque"]

deque, OrderedDict, defaultdict = collections.deque, collections.OrderedDict, collections.defaultdict
"""The classes under names that tell the registry's own entries from those of a program."""

P = ParamSpec("P")
R = TypeVar("R")


def _in_one_step(name: str) -> Callable[..., Any]:
    method = getattr(collections.Counter, name)

    @functools.wraps(method)
    def locked(self: Counter, /, *args: Any, **kwds: Any) -> Any:
        with self.step_lock:
            return method(self, *args, **kwds)

    return locked


_CHANGING: Final = (
    "__delitem__", "__iadd__", "__iand__", "__ior__", "__isub__", "__setitem__", "clear", "pop", "popitem",
    "setdefault", "subtract", "update",
)  # fmt: skip


class Counter(collections.Counter[Any]):
    """A counter that threads of the server change in one step each.

    Attributes:
        step_lock: Held meanwhile.
    """

    def __init__(self, /, *args: Any, **counts: int) -> None:
        self.step_lock = threading.RLock()
        super().__init__(*args, **counts)

    def copy(self) -> collections.Counter[Any]:  # type: ignore[override]
        """Return a plain copy."""
        return collections.Counter(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return collections.Counter, (dict(self),)


for _name in _CHANGING:
    setattr(Counter, _name, _in_one_step(_name))


class ChainMap(collections.ChainMap[Any, Any]):
    """A chain of shared dicts."""

    def __new__(cls, _: Callable[[Any], Any], /, *maps: Any) -> ChainMap:
        """Return a chain: an existing one, where a method's result is to be hosted."""
        if len(maps) == 1 and type(maps[0]) is cls:
            return maps[0]
        return super().__new__(cls)

    def __init__(self, share_map: Callable[[Any], Any], /, *maps: Any) -> None:
        """Make a chain; *share_map* makes a shared dict of a plain one, or a new one of None."""
        if maps and maps[0] is self:
            return
        super().__init__(*map(share_map, maps or (None,)))
        self._share_map = share_map

    def new_child(self, m: Any = None, **items: Any) -> ChainMap:
        """Return a chain of another dict and all of ours."""
        first = self._share_map(m)
        first.update(items)
        return ChainMap(self._share_map, first, *self.maps)

    def get_parents(self) -> ChainMap:
        """Return a chain of all dicts but the first."""
        return ChainMap(self._share_map, *self.maps[1:])

    def get_maps(self) -> list[Any]:
        """Return the dicts."""
        return list(self.maps)

    def keys(self) -> list[Any]:  # type: ignore[override]
        """Return a list of the keys."""
        return list(self)

    def values(self) -> list[Any]:  # type: ignore[override]
        """Return a list of the values."""
        return [self[key] for key in self]

    def items(self) -> list[tuple[Any, Any]]:  # type: ignore[override]
        """Return a list of the items."""
        return [(key, self[key]) for key in self]

    def _plain(self) -> collections.ChainMap[Any, Any]:
        return collections.ChainMap(*(_copy(each) for each in self.maps))

    def __repr__(self) -> str:
        return repr(self._plain())

    def __reduce__(self) -> tuple[Any, ...]:
        return collections.ChainMap, tuple(_copy(each) for each in self.maps)


def _copy(mapping: Any) -> Any:
    copy = getattr(mapping, "copy", None)
    return mapping if copy is None or not isinstance(mapping, Mapping) else copy()
