"""Functions that a hosted object keeps and calls, and that travel by value: to the server, and back out of it."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any, Final

from manor._codec import pickles
from manor._codec.by_value import ByValue
from manor._codec.main_module import MAIN, is_main_importable, main_file
from manor.errors import NotPicklable

__all__ = ["Carried", "carried"]

_DEFINITIONS: Final[tuple[Any, ...]] = (FunctionType, type, functools.partial)


class Carried:
    """Calls a function, and travels with it.

    Those of functions that were written at the same place, and refer to nothing there, are equal.

    Args:
        function: What other processes cannot find by a name.
    """

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self) -> Any:
        return self._function()

    def __reduce__(self) -> tuple[Any, ...]:
        hint = (
            f"the manager's server is to call {self!r}, and cannot import it: define it at the top of a module, "
            f"outside of any function, or use a type such as list or int"
        )
        return Carried, (ByValue(self._function, hint, main_file()),)

    def __repr__(self) -> str:
        return repr(self._function)

    def _key(self) -> Any:
        function = self._function
        is_plain = isinstance(function, FunctionType) and function.__closure__ is None
        return (function.__code__, function.__defaults__) if is_plain else function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Carried) and bool(self._key() == other._key())

    def __hash__(self) -> int:
        return hash(Carried)


def carried(function: Any) -> Any:
    """Return a function or class as it is, or a ``Carried`` if other processes cannot find it by its name."""
    if not isinstance(function, _DEFINITIONS):
        return function
    try:
        data = b"".join(pickles.dumps(function))
    except (*pickles.REFUSALS, NotPicklable):
        return Carried(function)
    return Carried(function) if MAIN.encode() in data and not is_main_importable() else function
