"""Deep containers that the server hosts: plain lists, dicts and sets become shared ones when they are stored.

Each copies itself as the plain type that it stands for.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Self, SupportsIndex

from manor._server.types import Namespace, Value

__all__ = ["DEEP_TYPES", "DeepDefaultDict"]

ShareAll = Callable[[Iterable[Any]], list[Any]]
"""Returns what to store for several values."""


class _Sequence:
    """Comes before the plain type."""

    _share_all: ShareAll

    def __init__(self, share_all: ShareAll, iterable: Iterable[Any] = (), *args: Any, **kwds: Any) -> None:
        super().__init__(share_all(iterable), *args, **kwds)  # type: ignore[call-arg]
        self._share_all = share_all

    def __setitem__(self, index: SupportsIndex | slice, value: Any) -> None:
        new = self._share_all(value) if isinstance(index, slice) else self._share_all((value,))[0]
        super().__setitem__(index, new)  # type: ignore[misc]

    def append(self, value: Any, /) -> None:
        super().append(*self._share_all((value,)))  # type: ignore[misc]

    def extend(self, values: Iterable[Any], /) -> None:
        super().extend(self._share_all(values))  # type: ignore[misc]

    def insert(self, index: SupportsIndex, value: Any, /) -> None:
        super().insert(index, *self._share_all((value,)))  # type: ignore[misc]


class DeepList(_Sequence, list[Any]):
    """A list."""

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


class DeepDeque(_Sequence, collections.deque[Any]):
    """A deque."""

    def appendleft(self, value: Any, /) -> None:
        super().appendleft(*self._share_all((value,)))

    def extendleft(self, values: Iterable[Any], /) -> None:
        super().extendleft(self._share_all(values))

    def copy(self) -> collections.deque[Any]:  # type: ignore[override]
        return collections.deque(self, self.maxlen)

    def __reduce__(self) -> tuple[Any, ...]:
        return collections.deque, (list(self), self.maxlen)


class _Mapping:
    """Comes before the plain type."""

    _share_all: ShareAll

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, *self._share_all((value,)))  # type: ignore[misc]

    def setdefault(self, key: Any, default: Any = None, /) -> Any:
        """Return the value of *key*; of several callers that find none, one stores its default."""
        if key in self:  # type: ignore[operator]
            return self[key]  # type: ignore[index]
        return super().setdefault(key, *self._share_all((default,)))  # type: ignore[misc]

    def update(self, *others: Any, **items: Any) -> None:
        new = dict(*others, **items)
        super().update(zip(new, self._share_all(new.values()), strict=True))  # type: ignore[misc]

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self


class DeepDict(_Mapping, dict[Any, Any]):
    """A dict."""

    def __init__(self, share_all: ShareAll, /, *args: Any, **items: Any) -> None:
        self._share_all = share_all
        self.update(*args, **items)

    fromkeys = dict.fromkeys

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class DeepOrderedDict(_Mapping, collections.OrderedDict[Any, Any]):
    """An ordered dict."""

    def __init__(self, share_all: ShareAll, /, *args: Any, **items: Any) -> None:
        self._share_all = share_all
        super().__init__()
        self.update(*args, **items)

    fromkeys = collections.OrderedDict.fromkeys

    def copy(self) -> collections.OrderedDict[Any, Any]:  # type: ignore[override]
        return collections.OrderedDict(self)

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return collections.OrderedDict, (list(self.items()),)


class DeepDefaultDict(_Mapping, collections.defaultdict[Any, Any]):
    """A defaultdict; what its factory makes is shared, too."""

    def __init__(self, share_all: ShareAll, factory: Any = None, /, *args: Any, **items: Any) -> None:
        self._share_all = share_all
        super().__init__(factory)
        self.update(*args, **items)

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        return self.setdefault(key, self.default_factory())

    fromkeys = collections.defaultdict.fromkeys

    def copy(self) -> collections.defaultdict[Any, Any]:  # type: ignore[override]
        return collections.defaultdict(self.default_factory, self)

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return collections.defaultdict, (self.default_factory, list(self.items()))


class DeepValue(Value[Any]):
    """A value."""

    def __init__(self, share_all: ShareAll, typecode: Any, value: Any, lock: bool = True) -> None:
        self._share_all = share_all
        super().__init__(typecode, share_all((value,))[0], lock)

    def set(self, value: Any) -> None:
        """Replace the value."""
        super().set(*self._share_all((value,)))

    value = property(Value.get, set)  # noqa: A003 - the method above, as its base has it

    def __reduce__(self) -> tuple[Any, ...]:
        return Value, (self._typecode, self._value)


class DeepNamespace(Namespace):
    """A namespace."""

    _share_all: ShareAll

    def __init__(self, share_all: ShareAll, /, **attributes: Any) -> None:
        self.__dict__["_share_all"] = share_all
        self.__dict__.update(zip(attributes, share_all(attributes.values()), strict=True))

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, *self._share_all((value,)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _namespace, ({name: value for name, value in vars(self).items() if name != "_share_all"},)


def _namespace(attributes: Mapping[str, Any]) -> Namespace:
    return Namespace(**attributes)


DEEP_TYPES: Final[Mapping[str, Callable[..., Any]]] = {
    "list": DeepList,
    "deque": DeepDeque,
    "dict": DeepDict,
    "OrderedDict": DeepOrderedDict,
    "defaultdict": DeepDefaultDict,
    "Value": DeepValue,
    "Namespace": DeepNamespace,
}
"""By typeid; the first argument is a function that shares. What is not here cannot contain a list, a dict or a set."""
for _typeid, _kind in DEEP_TYPES.items():
    _kind.__name__ = _typeid  # what `repr` says
