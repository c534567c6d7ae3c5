"""``CounterProxy``: a ``collections.Counter``."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar, overload

from manor._proxy.containers.base import plain
from manor._proxy.containers.dicts import DICT_EXPOSED, DictProxy

__all__ = ["CounterProxy"]

T = TypeVar("T")

_CHANGING: Final = ("__iadd__", "__iand__", "__ior__", "__isub__", "subtract")


class CounterProxy(DictProxy[T, int]):
    """Stands for a counter; ``copy()`` and what operators make are plain ones.

    ``counts[key] += 1`` is a read and a write; ``counts.add(key)`` is one step.
    """

    _exposed_ = (*(name for name in DICT_EXPOSED if name != "fromkeys"), *_CHANGING, "most_common", "total")
    _method_to_typeid_: ClassVar[Mapping[str, str]] = {"__iter__": "Iterator"}
    _changing_ = DictProxy._changing_ | frozenset(_CHANGING)

    def __missing__(self, key: T, /) -> int:
        return 0

    def fromkeys(self, keys: Iterable[T], value: Any = None, /) -> NoReturn:
        """Raise ``NotImplementedError``, as the built-in does."""
        raise NotImplementedError("Counter.fromkeys() is undefined.  Use Counter(iterable) instead.")

    def copy(self) -> collections.Counter[T]:
        """Return a copy, as a plain counter."""
        return self._getvalue()

    def elements(self) -> Iterator[T]:
        """Return an iterator over the elements as they are now, each as often as it was counted."""
        return self.copy().elements()

    def most_common(self, n: int | None = None) -> list[tuple[T, int]]:
        """Return the *n* elements with the highest counts, or all of them, and their counts."""
        return self._callmethod("most_common", (n,))

    def total(self) -> int:
        """Return the sum of the counts."""
        return self._callmethod("total")

    def update(self, iterable: Any = None, /, **counts: int) -> None:  # type: ignore[override]
        """Count the elements of an iterable, or add the counts of a mapping, and those given by keyword."""
        self._callmethod("update", _ready(iterable), counts)

    def subtract(self, iterable: Any = None, /, **counts: int) -> None:
        """Do the same with negative counts."""
        self._callmethod("subtract", _ready(iterable), counts)

    # Operators: what is made is plain; what is changed in place keeps positive counts only

    def _operate(self, other: object, operate: Callable[[Any, Any], Any]) -> Any:
        other = plain(other)
        return operate(self.copy(), other) if isinstance(other, collections.Counter) else NotImplemented

    def __add__(self, other: object, /) -> collections.Counter[T]:
        return self._operate(other, lambda mine, theirs: mine + theirs)

    def __sub__(self, other: object, /) -> collections.Counter[T]:
        return self._operate(other, lambda mine, theirs: mine - theirs)

    @overload  # type: ignore[override]
    def __or__(self, other: collections.Counter[T] | CounterProxy[T], /) -> collections.Counter[T]: ...
    @overload
    def __or__(self, other: Mapping[T, int], /) -> dict[T, int]: ...
    def __or__(self, other: Any, /) -> Any:
        other = plain(other)
        return self.copy() | other if isinstance(other, dict) else NotImplemented

    def __and__(self, other: object, /) -> collections.Counter[T]:
        return self._operate(other, lambda mine, theirs: mine & theirs)

    def __radd__(self, other: object, /) -> collections.Counter[T]:
        return self._operate(other, lambda mine, theirs: theirs + mine)

    def __rsub__(self, other: object, /) -> collections.Counter[T]:
        return self._operate(other, lambda mine, theirs: theirs - mine)

    @overload
    def __ror__(self, other: collections.Counter[T] | CounterProxy[T], /) -> collections.Counter[T]: ...
    @overload
    def __ror__(self, other: Mapping[T, int], /) -> dict[T, int]: ...
    def __ror__(self, other: Any, /) -> Any:
        other = plain(other)
        return other | self.copy() if isinstance(other, dict) else NotImplemented

    def __rand__(self, other: object, /) -> collections.Counter[T]:
        return self._operate(other, lambda mine, theirs: theirs & mine)

    def __pos__(self) -> collections.Counter[T]:
        return +self.copy()

    def __neg__(self) -> collections.Counter[T]:
        return -self.copy()

    def __lt__(self, other: object) -> bool:
        return self._operate(other, lambda mine, theirs: mine < theirs)

    def __le__(self, other: object) -> bool:
        return self._operate(other, lambda mine, theirs: mine <= theirs)

    def __gt__(self, other: object) -> bool:
        return self._operate(other, lambda mine, theirs: mine > theirs)

    def __ge__(self, other: object) -> bool:
        return self._operate(other, lambda mine, theirs: mine >= theirs)

    def _operate_in_place(self, name: str, other: Any) -> Self:
        self._callmethod(name, (plain(other),))
        return self

    def __iadd__(self, other: Any, /) -> Self:  # type: ignore[misc]  # in place
        return self._operate_in_place("__iadd__", other)

    def __isub__(self, other: Any, /) -> Self:  # type: ignore[misc]  # in place
        return self._operate_in_place("__isub__", other)

    def __ior__(self, other: Any, /) -> Self:  # type: ignore[override,misc]  # in place
        return self._operate_in_place("__ior__", other)

    def __iand__(self, other: Any, /) -> Self:  # type: ignore[misc]  # in place
        return self._operate_in_place("__iand__", other)


def _ready(iterable: Any) -> tuple[Any, ...]:
    """Count an iterable's elements here: less has to travel."""
    if iterable is None:
        return ()
    iterable = plain(iterable)
    return (iterable if isinstance(iterable, Mapping) else collections.Counter(iterable),)
