"""``DequeProxy``: a ``collections.deque``."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from typing import Any, ClassVar, Final, Generic, Self, SupportsIndex, TypeVar

from manor._proxy.containers.base import ComparableProxy, plain
from manor._proxy.containers.chunks import iterate_keys
from manor._proxy.updating import update

__all__ = ["DequeProxy"]

T = TypeVar("T")

_EXPOSED: Final = (
    "__contains__", "__delitem__", "__getattribute__", "__getitem__", "__imul__", "__iter__", "__len__",
    "__reversed__", "__setitem__", "append", "appendleft", "clear", "copy", "count", "extend", "extendleft", "index",
    "insert", "pop", "popleft", "remove", "reverse", "rotate",
)  # fmt: skip


def _ready(values: Any) -> Any:
    """Consume an iterator here; the rest travels as it is."""
    return values if isinstance(values, list | tuple | str | bytes | collections.deque) else list(values)


def _index(index: Any) -> Any:
    """Return an index; the error for what is none is that of ``deque[index]``, not of the method."""
    if hasattr(type(index), "__index__"):
        return index
    raise TypeError(f"sequence index must be integer, not {type(index).__name__!r}")


class DequeProxy(ComparableProxy, Generic[T]):
    """Stands for a deque; ``copy()`` and what operators make are plain ones."""

    _exposed_ = _EXPOSED
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {"__iter__": "Iterator"}
    _like_ = (collections.deque,)
    _when_changed_ = "deque mutated during iteration"
    _changing_ = frozenset(_EXPOSED) - {
        "__contains__", "__getattribute__", "__getitem__", "__iter__", "__len__", "__reversed__", "__setitem__", "copy",
        "count", "index",
    }  # fmt: skip

    @property
    def maxlen(self) -> int | None:
        """How many items there are at most, or None."""
        return self._callmethod("__getattribute__", ("maxlen",))

    def __len__(self) -> int:
        return self._callmethod("__len__")

    def __getitem__(self, index: SupportsIndex, /) -> T:
        return self._callmethod("__getitem__", (_index(index),))

    def __setitem__(self, index: SupportsIndex, value: T, /) -> None:
        self._callmethod("__setitem__", (_index(index), value))

    def __delitem__(self, index: SupportsIndex, /) -> None:
        self._callmethod("__delitem__", (_index(index),))

    def __contains__(self, value: object, /) -> bool:
        return self._callmethod("__contains__", (value,))

    def __iter__(self) -> Iterator[T]:
        return iterate_keys(self)

    def __reversed__(self) -> Iterator[T]:
        return iterate_keys(self, backwards=True)

    def append(self, value: T, /) -> None:
        """Add *value* at the right end."""
        self._callmethod("append", (value,))

    def appendleft(self, value: T, /) -> None:
        """Add *value* at the left end."""
        self._callmethod("appendleft", (value,))

    def clear(self) -> None:
        """Remove every item."""
        self._callmethod("clear")

    def copy(self) -> collections.deque[T]:
        """Return a copy, as a plain deque."""
        return self._callmethod("copy")

    def count(self, value: T, /) -> int:
        """Return how many items equal *value*."""
        return self._callmethod("count", (value,))

    def extend(self, values: Iterable[T], /) -> None:
        """Add every one of *values* at the right end."""
        self._callmethod("extend", (_ready(values),))

    def extendleft(self, values: Iterable[T], /) -> None:
        """Add every one of *values* at the left end, one after the other: the last becomes the first."""
        self._callmethod("extendleft", (_ready(values),))

    def index(self, value: T, /, *between: SupportsIndex) -> int:
        """Return the first index of *value*; raise ``ValueError`` if there is none."""
        return self._callmethod("index", (value, *between))

    def insert(self, index: SupportsIndex, value: T, /) -> None:
        """Insert *value* before *index*; raise ``IndexError`` where ``maxlen`` items are there."""
        self._callmethod("insert", (index, value))

    def pop(self) -> T:
        """Remove and return the item at the right end; raise ``IndexError`` if there is none."""
        return self._callmethod("pop")

    def popleft(self) -> T:
        """Remove and return the item at the left end; raise ``IndexError`` if there is none."""
        return self._callmethod("popleft")

    def remove(self, value: T, /) -> None:
        """Remove the first item that equals *value*; raise ``ValueError`` if there is none."""
        self._callmethod("remove", (value,))

    def reverse(self) -> None:
        """Reverse in place."""
        self._callmethod("reverse")

    def rotate(self, steps: int = 1, /) -> None:
        """Move so many items from the right end to the left one; or the other way, if *steps* is negative."""
        self._callmethod("rotate", (steps,))

    # Operators

    def __add__(self, other: Any, /) -> collections.deque[T]:
        return self._getvalue() + plain(other)

    def __radd__(self, other: Any, /) -> collections.deque[T]:
        return other + self._getvalue() if isinstance(other, collections.deque) else NotImplemented

    def __mul__(self, count: SupportsIndex, /) -> collections.deque[T]:
        return self._getvalue() * count

    __rmul__ = __mul__

    def __iadd__(self, values: Iterable[T], /) -> Self:  # type: ignore[misc]  # in place
        self.extend(values)
        return self

    def __imul__(self, count: SupportsIndex, /) -> Self:
        self._callmethod("__imul__", (count,))
        return self

    # In one step

    def add(self, index: SupportsIndex, /, amount: Any = 1) -> T:
        """Add *amount* to the item at *index* in one step, and return the sum."""
        return self._callmethod("#ITEM_ADD", ((index,), amount))

    def update_with(self, index: SupportsIndex, function: Callable[[T], T], /) -> T:
        """Replace the item at *index* by what *function* makes of it, in one step, as that of a list."""
        return update(self, "#ITEM_READ", (index,), function)

    def compare_and_set(self, index: SupportsIndex, expected: Any, new: T, /) -> bool:
        """Set the item at *index* to *new* if it equals *expected*, in one step; return whether it did."""
        return self._callmethod("#ITEM_COMPARE_AND_SET", ((index,), expected, new))


MutableSequence.register(DequeProxy)
