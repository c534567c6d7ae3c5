"""``Array``: an ``array.array`` in the arena."""

from __future__ import annotations

import array
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, Self, SupportsIndex, overload

from manor import _native
from manor._resident.attempts import Attempts
from manor._resident.plain import plain
from manor._resident.typecodes import new_array

__all__ = ["Array"]


class _NotHere:
    """A method of lists that arrays of managers do not have."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self._name!r}")


class Array(_native.List):
    """An ``array.array``: a list of items that the array module has made fit the typecode.

    Every error is the array module's own: what the arena refuses is done again to a plain copy, which says why.
    """

    __slots__ = ()

    append = _NotHere()
    extend = _NotHere()
    insert = _NotHere()
    pop = _NotHere()
    clear = _NotHere()

    @classmethod
    def create(cls, arena: _native.Arena, typecode: str, sequence: Iterable[Any], lock: bool = True) -> Self:  # noqa: ARG003 - the standard library's signature
        """Make an array in *arena*; the errors are those of ``array.array``; *lock* is taken for compatibility."""
        plain_one = new_array(typecode, sequence)
        self = cls(arena, None, ord(typecode))
        _native.List.extend(self, plain_one)
        return self

    @property
    def typecode(self) -> str:
        """The typecode that the array was made with."""
        return chr(self._tag)

    def _plain(self, items: Iterable[Any]) -> array.array[Any]:
        return array.array(self.typecode, items)

    def _getvalue(self) -> array.array[Any]:
        return self._plain(self._snapshot()[0])

    def __iter__(self) -> Iterator[Any]:
        return self._walk(False)

    def __repr__(self) -> str:
        return repr(self._getvalue())

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Any: ...
    @overload
    def __getitem__(self, index: slice, /) -> array.array[Any]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Any:
        try:
            found = super().__getitem__(index)
        except (IndexError, TypeError):
            return self._getvalue()[index]
        return self._plain(found) if isinstance(index, slice) else found

    def __setitem__(self, index: SupportsIndex | slice, value: Any, /) -> None:
        if isinstance(index, slice):
            self._set_slice(index, plain(value))
            return
        try:
            super().__setitem__(index, self._plain((value,))[0])
        except (IndexError, TypeError, OverflowError, ValueError):
            self._getvalue()[index] = value
            raise

    def _set_slice(self, part: slice, values: Any, /) -> None:
        with Attempts(self) as attempts:
            while True:
                items, version = self._snapshot()
                changed = self._plain(items)
                changed[part] = values
                if self._rebuild(version, changed.tolist()):
                    return
                attempts.lost()

    def __delitem__(self, index: SupportsIndex | slice, /) -> NoReturn:
        raise TypeError(f"{type(self).__name__!r} object doesn't support item deletion")
