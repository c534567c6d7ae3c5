"""``update_with`` for proxies whose objects are in a server: the function runs here.

The server keeps what it told us of a value, and stores the new one only if that very value is still there. That needs
no ``==``, which is false for values that do not equal their own copies: NaN, or objects without ``__eq__``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from manor._proxy.base import BaseProxy
from manor._resident.missing import MISSING
from manor._resident.tries import Tries

__all__ = ["update"]


class _Reading:
    """A value that was read, and the server's note of it."""

    def __init__(self, proxy: BaseProxy, special: str, where: tuple[Any, ...]) -> None:
        found, value, number = proxy._callmethod(special, where)
        self._proxy = proxy
        self._note = proxy._link.hold(int(number, 16), credited=True)
        self.value = value if found else MISSING

    def replace(self, new: Any) -> bool:
        """Store *new* if what was read is still there; return whether it was."""
        proxy = self._proxy
        proxy._hold.changes += 1
        return bool(proxy._link.call(self._note.ident, "update_with", (new,), None, proxy))

    def state(self) -> object:
        """Return what equals another state for as long as what was read is there."""
        return self._proxy._link.call(self._note.ident, "is_current") or object()


class _Watch:
    """Watches a value from the first question on."""

    def __init__(self, proxy: BaseProxy, special: str, where: tuple[Any, ...]) -> None:
        self._begin = proxy, special, where

    @cached_property
    def _reading(self) -> _Reading:
        return _Reading(*self._begin)

    def __call__(self) -> object:
        return self._reading.state()


def update(
    proxy: BaseProxy,
    special: str,
    where: tuple[Any, ...],
    function: Callable[[Any], Any],
    default: Any = MISSING,
) -> Any:
    """Replace a value by what *function* makes of it, in one step, and return the new one.

    Args:
        proxy: Whose value.
        special: What the server is asked for to read it.
        where: Its key or index; nothing for a ``Value``.
        function: Gets the value, and returns the new one; runs once more whenever somebody was faster.
        default: What *function* gets when there is no value.

    Raises:
        KeyError: There is no value and no *default*.
        RuntimeError: *function* itself changes the value, each time.
    """
    tries = Tries()
    while True:
        reading = _Reading(proxy, special, where)
        value = default if reading.value is MISSING else reading.value
        if value is MISSING:
            raise KeyError(*where)
        new = function(value)
        if reading.replace(new):
            return new
        if tries.lost(_Watch(proxy, special, where)):
            raise RuntimeError("the function itself changes the value for which it computes a new one")
