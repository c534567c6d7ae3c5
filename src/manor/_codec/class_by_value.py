"""Classes and functions that travel by value, since no other process can import them."""

from __future__ import annotations

import contextlib
import types
from typing import Any

from manor._codec.pickles import dumps_builtins, loads_whole
from manor.errors import NotPicklable

__all__ = ["ByValue"]


class ByValue:
    """Stands for a class or function in a call, and arrives as that.

    Args:
        thing: What is to travel.
        hint: What its owner could do instead, for the error when it cannot.
    """

    def __init__(self, thing: Any, hint: str) -> None:
        self._thing = thing
        self._hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        if not isinstance(self._thing, type | types.FunctionType):  # a partial function, say, whose parts can travel
            with contextlib.suppress(Exception):  # whatever the pickling of its parts raises
                return loads_whole, (dumps_builtins(self._thing, 5),)
        try:
            import cloudpickle  # no dependency: most classes can be imported
        except ImportError:
            raise NotPicklable(f"{self._hint}, or install cloudpickle") from None
        return loads_whole, (cloudpickle.dumps(self._thing),)
