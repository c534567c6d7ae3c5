"""``Set``: a set in the arena."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from manor import _native
from manor._resident.plain import is_same, plain

__all__ = ["Set"]

_Operator = Callable[[Any, Any], Any]


class Set(_native.Set):
    """A set that every process attached to the arena works on directly.

    What would be a new set is a plain one. Methods that take an iterable change one member after the other: another
    process may see some of them before the rest.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return self._walk()

    def __repr__(self) -> str:
        return repr(self._getvalue())

    def _getvalue(self) -> set[Any]:
        return set(self._members())

    def copy(self) -> set[Any]:
        """Return a copy, as a plain set."""
        return self._getvalue()

    # Operators take sets only; the built-in's own decide about subclasses

    def _with(self, operate: _Operator, other: Any, *, on_the_right: bool = False) -> Any:
        other = plain(other)
        if not isinstance(other, set | frozenset):
            return NotImplemented
        return operate(other, self._getvalue()) if on_the_right else operate(self._getvalue(), other)

    def __eq__(self, other: object) -> bool:
        return self._with(operator.eq, other)  # type: ignore[no-any-return]

    __hash__ = _native.Set.__hash__  # by identity of the Python object

    def __lt__(self, other: Any) -> Any:
        return self._with(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self._with(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self._with(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._with(operator.ge, other)

    def __and__(self, other: Any) -> Any:
        return self._with(operator.and_, other)

    def __rand__(self, other: Any) -> Any:
        return self._with(operator.and_, other, on_the_right=True)

    def __or__(self, other: Any) -> Any:
        return self._with(operator.or_, other)

    def __ror__(self, other: Any) -> Any:
        return self._with(operator.or_, other, on_the_right=True)

    def __sub__(self, other: Any) -> Any:
        return self._with(operator.sub, other)

    def __rsub__(self, other: Any) -> Any:
        return self._with(operator.sub, other, on_the_right=True)

    def __xor__(self, other: Any) -> Any:
        return self._with(operator.xor, other)

    def __rxor__(self, other: Any) -> Any:
        return self._with(operator.xor, other, on_the_right=True)

    # Methods take any iterable

    def union(self, *others: Iterable[Any]) -> set[Any]:
        """Return a plain set of the members of all."""
        return self._getvalue().union(*map(plain, others))

    def intersection(self, *others: Iterable[Any]) -> set[Any]:
        """Return a plain set of what is in all."""
        return self._getvalue().intersection(*map(plain, others))

    def difference(self, *others: Iterable[Any]) -> set[Any]:
        """Return a plain set of the members that are in none of *others*."""
        return self._getvalue().difference(*map(plain, others))

    def symmetric_difference(self, other: Iterable[Any], /) -> set[Any]:
        """Return a plain set of what is in exactly one."""
        return self._getvalue().symmetric_difference(plain(other))

    def isdisjoint(self, other: Iterable[Any], /) -> bool:
        """Whether no member is in *other*."""
        return self._getvalue().isdisjoint(plain(other))

    def issubset(self, other: Iterable[Any], /) -> bool:
        """Whether every member is in *other*."""
        return self._getvalue().issubset(plain(other))

    def issuperset(self, other: Iterable[Any], /) -> bool:
        """Whether everything in *other* is a member."""
        return self._getvalue().issuperset(plain(other))

    # Changes, one member after the other

    def update(self, *others: Iterable[Any]) -> None:
        """Add everything in *others*."""
        for other in others:
            if not is_same(self, other):  # to add its members again would undo what others remove meanwhile
                for member in plain(other):
                    self.add(member)

    def difference_update(self, *others: Iterable[Any]) -> None:
        """Remove everything in *others*."""
        for other in others:
            for member in plain(other):
                hash(member)  # `discard` takes a set for a frozenset; this does not
                self.discard(member)

    def intersection_update(self, *others: Iterable[Any]) -> None:
        """Keep only what is in all of *others*; what another process adds meanwhile stays."""
        members = self._getvalue()
        for member in members - members.intersection(*map(plain, others)):
            self.discard(member)

    def symmetric_difference_update(self, other: Iterable[Any], /) -> None:
        """Keep what is in exactly one."""
        for member in set(plain(other)):
            try:
                self.remove(member)
            except KeyError:
                self.add(member)

    def _change(self, change: Callable[[Any], None], other: Any) -> Self:
        if not isinstance(plain(other), set | frozenset):
            return NotImplemented  # type: ignore[no-any-return]
        change(other)
        return self

    def __ior__(self, other: Any) -> Self:
        return self._change(self.update, other)

    def __iand__(self, other: Any) -> Self:
        return self._change(self.intersection_update, other)

    def __isub__(self, other: Any) -> Self:
        return self._change(self.difference_update, other)

    def __ixor__(self, other: Any) -> Self:
        return self._change(self.symmetric_difference_update, other)
