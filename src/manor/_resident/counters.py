"""``Counter``: a ``collections.Counter`` in the arena."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NoReturn, Self

from manor import _native
from manor._resident.dicts import Dict
from manor._resident.plain import plain
from manor._resident.tags import COUNTER_TAG

__all__ = ["Counter"]


class Counter(Dict):
    """A counter that every process attached to the arena works on directly.

    Each count is changed in one step. What changes several is one operation for each.
    """

    __slots__ = ()

    @classmethod
    def create(cls, arena: _native.Arena, plain_one: collections.Counter[Any]) -> Self:
        """Make a counter with the counts of a plain one."""
        self = cls(arena, None, COUNTER_TAG)
        Dict.update(self, plain_one)
        return self

    def _getvalue(self) -> collections.Counter[Any]:
        found: collections.Counter[Any] = collections.Counter()
        dict.update(found, self.items())
        return found

    def copy(self) -> collections.Counter[Any]:
        """Return a copy, as a plain counter."""
        return self._getvalue()

    def _missing(self, key: Any) -> int:
        return 0

    def __delitem__(self, key: Any, /) -> None:
        self.pop(key, None)

    def fromkeys(self, keys: Iterable[Any], value: Any = None, /) -> NoReturn:  # type: ignore[override]
        """Raise ``NotImplementedError``, as the built-in does."""
        raise NotImplementedError("Counter.fromkeys() is undefined.  Use Counter(iterable) instead.")

    def most_common(self, n: int | None = None) -> list[tuple[Any, int]]:
        """Return the *n* elements with the highest counts, or all of them, and their counts."""
        return self._getvalue().most_common(n)

    def total(self) -> int:
        """Return the sum of the counts."""
        return self._getvalue().total()

    def update(self, iterable: Any = None, /, **counts: int) -> None:
        """Count the elements of an iterable, or add the counts of a mapping, and those given by keyword."""
        for given in (iterable, counts):
            for key, count in _counted(given):
                self.add(key, count)

    def subtract(self, iterable: Any = None, /, **counts: int) -> None:
        """Do the same with negative counts."""
        for given in (iterable, counts):
            for key, count in _counted(given):
                self.add(key, -count)

    def __iadd__(self, other: Any, /) -> Self:
        for key, count in plain(other).items():
            self.add(key, count)
        return self._without_the_rest()

    def __isub__(self, other: Any, /) -> Self:
        for key, count in plain(other).items():
            self.add(key, -count)
        return self._without_the_rest()

    def __ior__(self, other: Any, /) -> Self:  # type: ignore[override]  # in place
        for key, count in plain(other).items():
            self.update_with(key, partial(max, count), default=0)
        return self._without_the_rest()

    def __iand__(self, other: Any, /) -> Self:
        other = plain(other)
        keys = self.keys()
        for key in keys:
            self.update_with(key, partial(min, other[key]), default=0)
        return self._without_the_rest()

    def _without_the_rest(self) -> Self:
        """Remove counts that are not positive."""
        for key, count in self.items():
            if not count > 0:
                left = self.pop(key, 0)
                if left > 0:  # another process has counted meanwhile
                    self.add(key, left)
        return self


def _counted(given: Any) -> Iterable[tuple[Any, Any]]:
    """Return elements and how often each is to be counted."""
    given = plain(given)
    return given.items() if isinstance(given, Mapping) else collections.Counter(given).items()
