"""``ListProxy``: a list in the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableSequence
from typing import Any, Final, Generic, Self, SupportsIndex, TypeVar, overload

from manor._proxy.containers.base import ComparableProxy, ContainerProxy, plain
from manor._proxy.containers.chunks import iterate_sequence, iterate_sequence_backwards
from manor._proxy.updating import update
from manor._proxy.watching import wait_for

__all__ = ["LIST_EXPOSED", "BaseListProxy", "ListProxy"]

T = TypeVar("T")
R = TypeVar("R")

LIST_EXPOSED: Final = (
    "__add__", "__contains__", "__delitem__", "__getitem__", "__len__", "__mul__", "__reversed__", "__rmul__",
    "__setitem__", "__imul__", "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove",
    "reverse", "sort",
)  # fmt: skip


def _ready(values: Any) -> Any:
    """Consume an iterator here, and a set, whose copy may have another order; the rest travels as it is."""
    if isinstance(values, list | tuple | dict | str | bytes | ContainerProxy):
        return values
    return list(values)


class BaseListProxy(ComparableProxy, Generic[T]):
    """The methods of a list; ``ListProxy`` adds the operators that change it in place."""

    _exposed_ = LIST_EXPOSED
    _like_ = (list,)
    _changing_ = frozenset(
        ("#ITEM_ADD", "#ITEM_COMPARE_AND_SET", "__delitem__", "__setitem__", "__imul__", "append", "clear", "extend",
         "insert", "pop", "remove", "reverse", "sort")
    )  # fmt: skip

    def __len__(self) -> int:
        return self._callmethod("__len__")

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> T: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[T]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> T | list[T]:
        return self._callmethod("__getitem__", (index,))

    @overload
    def __setitem__(self, index: SupportsIndex, value: T, /) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[T], /) -> None: ...
    def __setitem__(self, index: SupportsIndex | slice, value: Any, /) -> None:
        self._callmethod("__setitem__", (index, _ready(value) if isinstance(index, slice) else value))

    def __delitem__(self, index: SupportsIndex | slice, /) -> None:
        self._callmethod("__delitem__", (index,))

    def __contains__(self, value: object, /) -> bool:
        return self._callmethod("__contains__", (value,))

    def __iter__(self) -> Iterator[T]:
        return iterate_sequence(self)

    def __reversed__(self) -> Iterator[T]:
        return iterate_sequence_backwards(self)

    def __add__(self, other: Iterable[T], /) -> list[T]:
        return self._callmethod("__add__", (plain(other),))

    def __radd__(self, other: list[T], /) -> list[T]:
        if not isinstance(other, list):
            return NotImplemented
        return other + self._getvalue()

    def __mul__(self, count: SupportsIndex, /) -> list[T]:
        return self._callmethod("__mul__", (count,))

    def __rmul__(self, count: SupportsIndex, /) -> list[T]:
        return self._callmethod("__rmul__", (count,))

    def append(self, value: T, /) -> None:
        """Append *value*."""
        self._callmethod("append", (value,))

    def clear(self) -> None:
        """Remove every item."""
        self._callmethod("clear")

    def copy(self) -> list[T]:
        """Return a copy, as a plain list."""
        return self._callmethod("copy")

    def count(self, value: T, /) -> int:
        """Return how many items equal *value*."""
        return self._callmethod("count", (value,))

    def extend(self, values: Iterable[T], /) -> None:
        """Append every one of *values*; an iterator is consumed here, in the caller's process."""
        if self._is_same(values):
            self._callmethod("__imul__", (2,))  # reading a list while it grows would never end
        else:
            self._callmethod("extend", (_ready(values),))

    def index(self, value: T, /, *between: SupportsIndex) -> int:
        """Return the first index of *value*; raise ``ValueError`` if there is none."""
        return self._callmethod("index", (value, *between))

    def insert(self, index: SupportsIndex, value: T, /) -> None:
        """Insert *value* before *index*."""
        self._callmethod("insert", (index, value))

    def pop(self, index: SupportsIndex = -1, /) -> T:
        """Remove and return the item at *index*; raise ``IndexError`` if there is none."""
        return self._callmethod("pop", (index,))

    def remove(self, value: T, /) -> None:
        """Remove the first item that equals *value*; raise ``ValueError`` if there is none."""
        self._callmethod("remove", (value,))

    def reverse(self) -> None:
        """Reverse in place."""
        self._callmethod("reverse")

    def sort(self, *, key: Callable[[T], Any] | None = None, reverse: bool = False) -> None:
        """Sort in place; *key* runs in the server."""
        self._callmethod("sort", (), {"key": key, "reverse": reverse})

    # In one step; ``manor._server.atomics`` says what that is beside a plain assignment.

    def add(self, index: SupportsIndex, /, amount: Any = 1) -> T:
        """Add *amount* to the item at *index* in one step, and return the sum.

        Raises:
            IndexError: There is no such item.
            TypeError: The two cannot be added.
        """
        return self._callmethod("#ITEM_ADD", ((index,), amount))

    def update_with(self, index: SupportsIndex, function: Callable[[T], T], /) -> T:
        """Replace the item at *index* by what *function* makes of it, in one step, and return the new one.

        No lock is held while *function* runs, in this process. If another item is there afterwards, *function* runs
        again, with that one: it should do nothing but compute.

        Raises:
            IndexError: There is no such item.
            RuntimeError: *function* itself changes the item, each time.
        """
        return update(self, "#ITEM_READ", (index,), function)

    def compare_and_set(self, index: SupportsIndex, expected: Any, new: T, /) -> bool:
        """Set the item at *index* to *new* if it equals *expected*, in one step; return whether it did.

        The comparison runs in the server, and may run again if the item was changed meanwhile.

        Raises:
            IndexError: There is no such item.
        """
        return self._callmethod("#ITEM_COMPARE_AND_SET", ((index,), expected, new))

    def wait_for(self, predicate: Callable[[Self], R], timeout: float | None = None) -> R:
        """Wait until *predicate* is true of the list, as ``manor.wait_for`` does; return its last value.

        Args:
            predicate: Gets this proxy, in this process, at first and after changes.
            timeout: How long to wait at most, in seconds; None is without limit.
        """
        return wait_for(self, predicate, timeout)


class ListProxy(BaseListProxy[T]):
    """Stands for a list in the server; ``list(proxy)`` and ``proxy[:]`` give a plain one."""

    def __iadd__(self, values: Iterable[T], /) -> Self:  # type: ignore[override]  # in place
        self.extend(values)
        return self

    def __imul__(self, count: SupportsIndex, /) -> Self:  # type: ignore[override]  # in place
        self._callmethod("__imul__", (count,))
        return self


MutableSequence.register(BaseListProxy)
