"""``List``: a list in the arena.

What needs Python's ``==`` or ``<`` works on a copy of the items, taken at one moment, and acts if the list is still
the same; otherwise it begins again, after a few times with other processes kept out. It may therefore run a comparison,
or a function it was given, more than once.
"""

from __future__ import annotations

import contextlib
import operator
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Self, SupportsIndex

from manor import _native
from manor._resident.attempts import Attempts
from manor._resident.missing import MISSING
from manor._resident.plain import is_same, plain
from manor._resident.replacing import replace_by, replace_if_equal
from manor.errors import ArenaFull

__all__ = ["List"]

_WHOLE: Final = ((None, None, None), (None, None, 1), (0, None, None), (0, None, 1))


class List(_native.List):
    """A list that every process attached to the arena works on directly; what would be a new list is a plain one."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return self._walk(False)

    def __reversed__(self) -> Iterator[Any]:
        return self._walk(True)

    def __repr__(self) -> str:
        return repr(self._getvalue())

    def _getvalue(self) -> list[Any]:
        return self._snapshot()[0]

    def copy(self) -> list[Any]:
        """Return a copy, as a plain list."""
        return self._getvalue()

    # Reading

    def __contains__(self, value: object, /) -> bool:
        return value in self._getvalue()

    def index(self, value: Any, /, *between: SupportsIndex) -> int:
        """Return the first index of *value*; raise ``ValueError`` if there is none."""
        return self._getvalue().index(value, *between)

    def count(self, value: Any, /) -> int:
        """Return how many items equal *value*."""
        return self._getvalue().count(value)

    def __add__(self, other: Any, /) -> list[Any]:
        other = plain(other)
        return self._getvalue() + other  # type: ignore[no-any-return]  # the built-in's own error for another type

    def __radd__(self, other: Any, /) -> list[Any]:
        return other + self._getvalue() if isinstance(other, list) else NotImplemented

    def __mul__(self, count: SupportsIndex, /) -> list[Any]:
        return self._getvalue() * count

    def __rmul__(self, count: SupportsIndex, /) -> list[Any]:
        return count * self._getvalue()

    # Changing

    def __iadd__(self, values: Iterable[Any], /) -> Self:  # type: ignore[misc]  # in place
        self.extend(self._getvalue() if is_same(self, values) else values)
        return self

    def __imul__(self, count: SupportsIndex, /) -> Self:
        self._change(lambda items: items * count)
        return self

    def _set_slice(self, part: slice, values: Any = MISSING, /) -> None:
        """Replace a slice, or delete it: what the native ``__setitem__`` and ``__delitem__`` leave to us."""
        if values is not MISSING and not isinstance(values, list | tuple) and not is_same(self, values):
            values = _consumed(values)
        if (part.start, part.stop, part.step) in _WHOLE:
            if values is MISSING:
                self.clear()
                return
            if isinstance(values, list | tuple):
                self._attempt(lambda: self._rebuild(self._version(), list(values)))
                return

        def changed(items: list[Any]) -> list[Any]:
            if values is MISSING:
                del items[part]
            else:
                items[part] = items.copy() if is_same(self, values) else values
            return items

        try:
            if part.step in (None, 1) and (values is MISSING or isinstance(values, list | tuple)):
                start, stop = _bound(part.start), _bound(part.stop)
                new = list(values) if isinstance(values, list | tuple) else []
                self._attempt(lambda: self._splice(start, stop, new))
                return
            self._change(changed)
        except ArenaFull:
            if values is not MISSING:
                raise
            for index in sorted(range(*part.indices(len(self))), reverse=True):
                with contextlib.suppress(IndexError):  # another process has removed it
                    self.pop(index)  # one after the other needs no room

    def _change(self, change: Callable[[list[Any]], list[Any]]) -> None:
        """Replace all items by what *change* makes of them."""
        with Attempts(self) as attempts:
            while True:
                items, version = self._snapshot()
                if self._rebuild(version, change(items)):
                    return
                attempts.lost()

    def _attempt(self, change: Callable[[], bool]) -> None:
        """Call *change* until it has not met another process's change."""
        with Attempts(self) as attempts:
            while not change():
                attempts.lost()

    def remove(self, value: Any, /) -> None:
        """Remove the first item that equals *value*; raise ``ValueError`` if there is none."""
        with Attempts(self) as attempts:
            while True:
                items, version = self._snapshot()
                at = next((at for at, item in enumerate(items) if item is value or item == value), None)
                found = None if at is None else self._witness(at)
                if self._version() == version:
                    if at is None or found is None:
                        raise ValueError("list.remove(x): x not in list")
                    if self._remove(at, found[1]):
                        return
                if attempts.lost():
                    raise RuntimeError("list changed by the comparisons that look for an item")

    def reverse(self) -> None:
        """Reverse in place."""
        self._attempt(lambda: self._permute(self._version(), list(range(len(self) - 1, -1, -1))))

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        """Sort in place, equal items staying in their order.

        Raises:
            ValueError: *key* or a comparison itself changes the list, each time.
        """
        with Attempts(self) as attempts:
            while True:
                items, version = self._snapshot()
                keys = items if key is None else [key(item) for item in items]
                order = sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)
                if self._permute(version, order):
                    return
                if attempts.lost():
                    raise ValueError("list modified during sort")

    # In one step

    def add(self, index: SupportsIndex, /, amount: Any = 1) -> Any:
        """Add *amount* to the item at *index* in one step, and return the sum.

        Raises:
            IndexError: There is no such item.
            TypeError: The two cannot be added.
        """
        if type(amount) is int:
            try:
                return self._add(index, amount)
            except (TypeError, OverflowError):  # the item, or the sum, is no int of 64 bits
                pass
        return self.update_with(index, lambda item: item + amount)

    def update_with(self, index: SupportsIndex, function: Callable[[Any], Any], /) -> Any:
        """Replace the item at *index* by what *function* makes of it, in one step, and return the new one.

        No lock is held while *function* runs. If another item is there afterwards, *function* runs again, with
        that one: it should do nothing but compute.

        Raises:
            IndexError: There is no such item.
            RuntimeError: *function* itself changes the item, each time.
        """
        return replace_by(function, lambda: self._read(index), lambda seen, new: self._replace(index, seen, new))

    def compare_and_set(self, index: SupportsIndex, expected: Any, new: Any, /) -> bool:
        """Set the item at *index* to *new* if it equals *expected*, in one step; return whether it did.

        The comparison may run again if the item was changed meanwhile.

        Raises:
            IndexError: There is no such item.
        """
        return replace_if_equal(
            expected, new, lambda: self._read(index), lambda seen, new: self._replace(index, seen, new)
        )

    def _read(self, index: SupportsIndex) -> tuple[Any, _native.Witness]:
        found = self._witness(index)
        if found is None:
            raise IndexError("list index out of range")
        return found


def _bound(index: Any) -> int | None:
    """Return one end of a slice as the native code takes it; the built-in's own error for what is no index."""
    if index is None:
        return None
    try:
        number = operator.index(index)
    except TypeError:
        raise TypeError("slice indices must be integers or None or have an __index__ method") from None
    return max(-sys.maxsize, min(number, sys.maxsize))


def _consumed(values: Any) -> Any:
    """Return a list of *values*; what is not iterable as it is, for the built-in to refuse."""
    values = plain(values)
    try:
        iterator = iter(values)
    except TypeError:
        return values
    return list(iterator)
