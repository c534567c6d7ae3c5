"""``DefaultDict``: a ``collections.defaultdict`` in the arena, if its factory is a built-in type; others are served."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any, Self

from manor import _native
from manor._resident.dicts import Dict
from manor._resident.plain import plain
from manor._resident.tags import CONTAINERS, DEEP, DEFAULTDICT_TAG, FACTORIES, factory_number

__all__ = ["DefaultDict"]

_NUMBER = 255


class DefaultDict(Dict):
    """A defaultdict that every process attached to the arena works on directly; containers in it are shared ones."""

    __slots__ = ()

    @classmethod
    def create(cls, arena: _native.Arena, plain_one: collections.defaultdict[Any, Any], deep: int) -> Self:
        """Make one with the factory and the items of a plain one; *deep* is a bit of the tag."""
        factory = plain_one.default_factory
        if factory in CONTAINERS:
            deep = DEEP
        self = cls(arena, None, DEFAULTDICT_TAG | (factory_number(factory) or 0) | deep)
        if plain_one:
            self.update(plain_one)
        return self

    @property
    def default_factory(self) -> Any:
        """What makes the value of a missing key, or None."""
        return FACTORIES[self._tag & _NUMBER]

    def _missing(self, key: Any) -> Any:
        factory = self.default_factory
        if factory is None:
            raise KeyError(key)
        # Of several processes that miss the key at once, one stores what it made; the others get that.
        return self.setdefault(key, self._arena.hooks.make(factory) if factory in CONTAINERS else factory())

    __missing__ = _missing

    def _getvalue(self) -> collections.defaultdict[Any, Any]:
        return collections.defaultdict(self.default_factory, self.items())

    def copy(self) -> collections.defaultdict[Any, Any]:
        """Return a copy, as a plain defaultdict; containers in it are the shared ones."""
        return self._getvalue()

    @staticmethod
    def fromkeys(keys: Iterable[Any], value: Any = None, /) -> collections.defaultdict[Any, Any]:
        """Return a plain defaultdict with *keys*, all with the same *value*, and no factory."""
        return collections.defaultdict.fromkeys(keys, value)  # type: ignore[return-value]

    def __or__(self, other: Any, /) -> dict[Any, Any]:
        other = plain(other)
        return self._getvalue() | other if isinstance(other, dict) else NotImplemented
