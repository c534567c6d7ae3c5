"""``Deque``: a ``collections.deque`` without bound in the arena; one with a bound is served."""

from __future__ import annotations

import collections
import operator
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn, Self, SupportsIndex

from manor import _native
from manor._resident.lists import List
from manor._resident.plain import plain
from manor._resident.tags import DEQUE_TAG

__all__ = ["Deque"]

_refusing: collections.deque[Any] = collections.deque()
"""Empty: whatever is asked of it raises the built-in's own error."""
_take: Final = _native.List.pop


class Deque(List):
    """A deque that every process attached to the arena works on directly."""

    __slots__ = ()

    @property
    def maxlen(self) -> None:
        """None: it has no bound, and gets none later."""

    @classmethod
    def create(cls, arena: _native.Arena, plain_one: collections.deque[Any], deep: int) -> Self:
        """Make a deque with the items of a plain one; *deep* is a bit of the tag."""
        self = cls(arena, None, DEQUE_TAG | deep)
        if plain_one:
            self.extend(plain_one)
        return self

    def __iter__(self) -> Iterator[Any]:
        return self._one_after_another(1)

    def __reversed__(self) -> Iterator[Any]:
        return self._one_after_another(-1)

    def _one_after_another(self, step: int) -> Iterator[Any]:
        items, version = self._snapshot()
        for number in range(len(items)):
            at = number if step > 0 else len(items) - 1 - number
            if self._version() != version:
                length = len(items)
                items, version = self._snapshot()
                if len(items) != length:
                    raise RuntimeError("deque mutated during iteration")
            yield items[at]

    def _getvalue(self) -> collections.deque[Any]:  # type: ignore[override]
        return collections.deque(self._snapshot()[0])

    def copy(self) -> collections.deque[Any]:  # type: ignore[override]
        """Return a copy, as a plain deque."""
        return self._getvalue()

    def __add__(self, other: Any, /) -> collections.deque[Any]:  # type: ignore[override]
        return self._getvalue() + plain(other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any, /) -> collections.deque[Any]:  # type: ignore[override]
        return other + self._getvalue() if isinstance(other, collections.deque) else NotImplemented

    def __mul__(self, count: SupportsIndex, /) -> collections.deque[Any]:  # type: ignore[override]
        return self._getvalue() * count  # type: ignore[operator]

    __rmul__ = __mul__  # type: ignore[assignment]

    def appendleft(self, value: Any, /) -> None:
        """Add *value* at the left end."""
        self.insert(0, value)

    def extendleft(self, values: Iterable[Any], /) -> None:
        """Add every one of *values* at the left end, one after the other: the last becomes the first."""
        new = list(values)[::-1]
        self._attempt(lambda: self._splice(0, 0, new))

    def pop(self) -> Any:  # type: ignore[override]
        """Remove and return the item at the right end; raise ``IndexError`` if there is none."""
        try:
            return _take(self)
        except IndexError:
            return _refusing.pop()

    def popleft(self) -> Any:
        """Remove and return the item at the left end; raise ``IndexError`` if there is none."""
        try:
            return _take(self, 0)
        except IndexError:
            return _refusing.popleft()

    def remove(self, value: Any, /) -> None:
        """Remove the first item that equals *value*; raise ``ValueError`` if there is none."""
        try:
            super().remove(value)
        except ValueError as error:
            if error.args != ("list.remove(x): x not in list",):
                raise  # a comparison's own
            _refusing.remove(value)

    def rotate(self, steps: int = 1, /) -> None:
        """Move so many items from the right end to the left one; or the other way, if *steps* is negative."""
        collections.deque((None,)).rotate(steps)  # refuses what is no int

        def rotated() -> bool:
            version, length = self._version(), len(self)
            start = -operator.index(steps) % length if length else 0
            return not start or self._permute(version, [*range(start, length), *range(start)])

        self._attempt(rotated)

    def sort(self, *args: Any, **kwds: Any) -> NoReturn:
        """Raise ``AttributeError``: deques cannot be sorted."""
        raise AttributeError("'deque' object has no attribute 'sort'")
