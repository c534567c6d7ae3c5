"""``SetProxy``: a set in the server (a type that the standard library's managers have since 3.14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableSet
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from manor._proxy.containers.base import ComparableProxy, ContainerProxy, plain
from manor._proxy.containers.chunks import iterate_keys
from manor._proxy.watching import await_found

__all__ = ["SET_EXPOSED", "BaseSetProxy", "SetProxy"]

T = TypeVar("T")

SET_EXPOSED: Final = (
    "__and__", "__contains__", "__iand__", "__ior__", "__isub__", "__iter__", "__ixor__", "__len__", "__or__",
    "__rand__", "__ror__", "__rsub__", "__rxor__", "__sub__", "__xor__", "__ge__", "__gt__", "__le__", "__lt__",
    "__eq__", "add", "clear", "copy", "difference", "difference_update", "discard", "intersection",
    "intersection_update", "isdisjoint", "issubset", "issuperset", "pop", "remove", "symmetric_difference",
    "symmetric_difference_update", "union", "update",
)  # fmt: skip


def _ready(others: tuple[Iterable[Any], ...]) -> tuple[Any, ...]:
    """Consume iterators here; sets and proxies travel as they are."""
    return tuple(
        plain(other) if isinstance(other, set | frozenset | list | tuple | dict | ContainerProxy) else list(other)
        for other in others
    )


class BaseSetProxy(ComparableProxy, Generic[T]):
    """The methods of a set; ``SetProxy`` adds the operators that change it in place."""

    _exposed_ = SET_EXPOSED
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {"__iter__": "Iterator"}
    _like_ = (set, frozenset)
    _when_changed_ = "Set changed size during iteration"
    _changing_ = frozenset(
        ("__iand__", "__ior__", "__isub__", "__ixor__", "add", "clear", "difference_update", "discard",
         "intersection_update", "pop", "remove", "symmetric_difference_update", "update")
    )  # fmt: skip

    def __len__(self) -> int:
        return self._callmethod("__len__")

    def __contains__(self, value: object, /) -> bool:
        return self._callmethod("__contains__", (value,))

    def __iter__(self) -> Iterator[T]:
        return iterate_keys(self)

    def _operate(self, name: str, other: object) -> Any:
        other = plain(other)
        if not isinstance(other, set | frozenset):
            return NotImplemented
        return self._callmethod(name, (other,))

    def __and__(self, other: object) -> set[T]:
        return self._operate("__and__", other)

    def __rand__(self, other: object) -> set[T]:
        return self._operate("__rand__", other)

    def __or__(self, other: object) -> set[T]:
        return self._operate("__or__", other)

    def __ror__(self, other: object) -> set[T]:
        return self._operate("__ror__", other)

    def __sub__(self, other: object) -> set[T]:
        return self._operate("__sub__", other)

    def __rsub__(self, other: object) -> set[T]:
        return self._operate("__rsub__", other)

    def __xor__(self, other: object) -> set[T]:
        return self._operate("__xor__", other)

    def __rxor__(self, other: object) -> set[T]:
        return self._operate("__rxor__", other)

    def add(self, value: T, /) -> None:
        """Add *value*."""
        self._callmethod("add", (value,))

    def clear(self) -> None:
        """Remove every member."""
        self._callmethod("clear")

    def copy(self) -> set[T]:
        """Return a copy, as a plain set."""
        return self._callmethod("copy")

    def discard(self, value: T, /) -> None:
        """Remove *value* if it is a member."""
        self._callmethod("discard", (value,))

    def remove(self, value: T, /) -> None:
        """Remove *value*; raise ``KeyError`` if it is no member."""
        self._callmethod("remove", (value,))

    def pop(self) -> T:
        """Remove and return any member; raise ``KeyError`` when empty."""
        return self._callmethod("pop")

    def isdisjoint(self, other: Iterable[Any], /) -> bool:
        """Whether no member is in *other*."""
        return self._callmethod("isdisjoint", _ready((other,)))

    def issubset(self, other: Iterable[Any], /) -> bool:
        """Whether every member is in *other*."""
        return self._callmethod("issubset", _ready((other,)))

    def issuperset(self, other: Iterable[Any], /) -> bool:
        """Whether everything in *other* is a member."""
        return self._callmethod("issuperset", _ready((other,)))

    def union(self, *others: Iterable[Any]) -> set[T]:
        """Return a plain set of the members of all."""
        return self._callmethod("union", _ready(others))

    def intersection(self, *others: Iterable[Any]) -> set[T]:
        """Return a plain set of what is in all."""
        return self._callmethod("intersection", _ready(others))

    def difference(self, *others: Iterable[Any]) -> set[T]:
        """Return a plain set of the members that are in none of *others*."""
        return self._callmethod("difference", _ready(others))

    def symmetric_difference(self, other: Iterable[T], /) -> set[T]:
        """Return a plain set of what is in exactly one."""
        return self._callmethod("symmetric_difference", _ready((other,)))

    def update(self, *others: Iterable[T]) -> None:
        """Add everything in *others*."""
        self._callmethod("update", _ready(others))

    def intersection_update(self, *others: Iterable[Any]) -> None:
        """Keep only what is in all of *others*."""
        self._callmethod("intersection_update", _ready(others))

    def difference_update(self, *others: Iterable[Any]) -> None:
        """Remove everything in *others*."""
        self._callmethod("difference_update", _ready(others))

    def symmetric_difference_update(self, other: Iterable[T], /) -> None:
        """Keep what is in exactly one."""
        self._callmethod("symmetric_difference_update", _ready((other,)))

    def wait_for(self, member: T, timeout: float | None = None) -> None:
        """Wait until *member* is in the set.

        Args:
            member: What to wait for.
            timeout: How long to wait at most, in seconds; None is without limit.

        Raises:
            TimeoutError: It did not come within *timeout* seconds.
            CallTimeout: There is no *timeout*, and the caller's ``deadline()`` is over.
            ManagerDied: The manager has ended.
        """
        await_found(self, lambda: (None,) if member in self else None, timeout, f"member {member!r} did not come")


class SetProxy(BaseSetProxy[T]):
    """Stands for a set in the server; ``proxy.copy()`` gives a plain one."""

    def _operate_in_place(self, name: str, other: object) -> Self:
        other = plain(other)
        if not isinstance(other, set | frozenset):
            return NotImplemented
        self._callmethod(name, (other,))
        return self

    def __iand__(self, other: object) -> Self:  # type: ignore[override]  # in place
        return self._operate_in_place("intersection_update", other)

    def __ior__(self, other: object) -> Self:  # type: ignore[override]  # in place
        return self._operate_in_place("update", other)

    def __isub__(self, other: object) -> Self:  # type: ignore[override]  # in place
        return self._operate_in_place("difference_update", other)

    def __ixor__(self, other: object) -> Self:  # type: ignore[override]  # in place
        return self._operate_in_place("symmetric_difference_update", other)


MutableSet.register(BaseSetProxy)
