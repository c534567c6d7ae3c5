"""Proxies of namespaces, values, arrays, and iterators."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, SupportsIndex, TypeVar, overload

from manor._proxy.base import BaseProxy
from manor._proxy.containers.chunks import iterate_sequence
from manor._proxy.mistaken import NoNumber
from manor._proxy.updating import update

__all__ = ["ArrayProxy", "IteratorProxy", "NamespaceProxy", "ValueProxy"]

T = TypeVar("T")


class NamespaceProxy(BaseProxy):
    """Stands for a namespace in the server; names that begin with an underscore belong to the proxy itself."""

    _exposed_ = ("__getattribute__", "__setattr__", "__delattr__")

    def __getattr__(self, name: str) -> Any:
        if name[0] == "_":
            return object.__getattribute__(self, name)
        return self._callmethod("__getattribute__", (name,))

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0] == "_":
            object.__setattr__(self, name, value)
        else:
            self._callmethod("__setattr__", (name, value))

    def __delattr__(self, name: str) -> None:
        if name[0] == "_":
            object.__delattr__(self, name)
        else:
            self._callmethod("__delattr__", (name,))


class ValueProxy(NoNumber, BaseProxy, Generic[T]):
    """Stands for one value in the server."""

    _exposed_ = ("get", "set")

    def get(self) -> T:
        """Return the value."""
        return self._callmethod("get")

    def set(self, value: T) -> None:
        """Replace the value."""
        self._callmethod("set", (value,))

    @property
    def value(self) -> T:
        """The value; ``proxy.value += 1`` is a read and a write, not one step."""
        return self.get()

    @value.setter
    def value(self, value: T) -> None:
        self.set(value)

    # In one step; ``manor._server.atomics`` says what that is beside a plain assignment.

    def add(self, amount: Any = 1, /) -> T:
        """Add *amount* in one step, and return the sum.

        Raises:
            TypeError: The two cannot be added.
        """
        return self._callmethod("#VALUE_ADD", ((), amount))

    def update_with(self, function: Callable[[T], T], /) -> T:
        """Replace the value by what *function* makes of it, in one step, and return the new one.

        No lock is held while *function* runs, in this process. If the value was changed meanwhile, *function* runs
        again, with the new value: it should do nothing but compute.

        Raises:
            RuntimeError: *function* itself changes the value, each time.
        """
        return update(self, "#VALUE_READ", (), function)

    def compare_and_set(self, expected: Any, new: T, /) -> bool:
        """Set the value to *new* if it equals *expected*, in one step; return whether it did.

        The comparison runs in the server, and may run again if the value was changed meanwhile.
        """
        return self._callmethod("#VALUE_COMPARE_AND_SET", ((), expected, new))


class ArrayProxy(BaseProxy):
    """Stands for an ``array.array`` in the server."""

    _exposed_ = ("__len__", "__getitem__", "__setitem__")

    def __len__(self) -> int:
        return self._callmethod("__len__")

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Any: ...
    @overload
    def __getitem__(self, index: slice, /) -> array.array[Any]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Any:
        return self._callmethod("__getitem__", (index,))

    def __setitem__(self, index: SupportsIndex | slice, value: Any, /) -> None:
        self._callmethod("__setitem__", (index, value))

    def __iter__(self) -> Iterator[Any]:
        return iterate_sequence(self)


class IteratorProxy(BaseProxy):
    """Stands for an iterator or a generator in the server."""

    _exposed_ = ("__next__", "send", "throw", "close")

    def __iter__(self) -> Self:
        return self

    def __next__(self, *args: Any) -> Any:
        return self._callmethod("__next__", args)

    def send(self, *args: Any) -> Any:
        """Resume a generator with a value."""
        return self._callmethod("send", args)

    def throw(self, *args: Any) -> Any:
        """Raise an exception inside a generator."""
        return self._callmethod("throw", args)

    def close(self, *args: Any) -> None:
        """End a generator."""
        self._callmethod("close", args)
