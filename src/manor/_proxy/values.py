"""Proxies of namespaces, values, arrays, and iterators."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterator
from typing import Any, Generic, Self, SupportsIndex, TypeVar, overload

from manor._proxy.base import BaseProxy
from manor._proxy.containers.chunks import iterate_sequence
from manor._proxy.mistaken import NoNumber
from manor._proxy.updating import update
from manor._proxy.watching import WatchableProxy, await_found, wait_for

__all__ = ["ArrayProxy", "IteratorProxy", "NamespaceProxy", "ValueProxy"]

T = TypeVar("T")
R = TypeVar("R")


class NamespaceProxy(WatchableProxy):
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


class ValueProxy(NoNumber, WatchableProxy, Generic[T]):
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

        Examples:
            >>> import manor
            >>> with manor.Manager() as manager:
            ...     counter = manager.Value("i", 5)
            ...     counter.add(2), counter.value
            (7, 7)
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

    def wait_for(self, expected: T | Callable[[T], object], timeout: float | None = None) -> T:
        """Wait until the value is what is expected, and return it.

        Args:
            expected: What it shall equal; or, if that can be called, gets the value, in this process, and tells
                whether it will do.
            timeout: How long to wait at most, in seconds; None is without limit.

        Raises:
            TimeoutError: It was not within *timeout* seconds.
            CallTimeout: There is no *timeout*, and the caller's ``deadline()`` is over.
            ManagerDied: The manager has ended.
        """

        def find() -> tuple[T] | None:
            value = self.get()
            will_do = expected(value) if callable(expected) else value == expected
            return (value,) if will_do else None

        return await_found(self, find, timeout, f"the value was not what is expected ({expected!r})")


class ArrayProxy(WatchableProxy):
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

    def wait_for(self, predicate: Callable[[Self], R], timeout: float | None = None) -> R:
        """Wait until *predicate* is true of the array, as ``manor.wait_for`` does; return its last value.

        Args:
            predicate: Gets this proxy, in this process, at first and after changes.
            timeout: How long to wait at most, in seconds; None is without limit.
        """
        return wait_for(self, predicate, timeout)


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
