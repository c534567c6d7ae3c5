"""Replacing a value by what was computed from it, if it is still there; otherwise again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from manor._resident.missing import MISSING
from manor._resident.tries import Tries

__all__ = ["replace_by", "replace_if_equal"]

W = TypeVar("W")


def replace_by(
    function: Callable[[Any], Any], read: Callable[[], tuple[Any, W]], replace: Callable[[W, Any], bool]
) -> Any:
    """Replace a value by what *function* makes of it, and return the new one.

    Args:
        function: Gets the value, and returns the new one; runs once more whenever somebody was faster.
        read: Returns the value, and its witness, which equals another for as long as the value stays.
        replace: Replaces the value if it still is that of the witness, and returns whether it did.

    Raises:
        RuntimeError: *function* itself changes the value, each time.
    """
    tries = Tries()
    while True:
        value, witness = read()
        new = function(value)
        if replace(witness, new):
            return new
        if tries.lost(lambda: read()[1]):
            raise RuntimeError("the function itself changes the value for which it computes a new one")


def replace_if_equal(
    expected: Any, new: Any, read: Callable[[], tuple[Any, W]], replace: Callable[[W, Any], bool]
) -> bool:
    """Replace a value, which may be ``MISSING``, if it equals *expected*; return whether it did.

    Raises:
        RuntimeError: The comparison itself changes the value, each time.
    """
    tries = Tries()
    while True:
        value, witness = read()
        if value is MISSING or expected is MISSING:
            if value is not expected:
                return False
        elif not (value == expected):  # noqa: SIM201 - `!=` is another method
            return False
        if replace(witness, new):
            return True
        if tries.lost(lambda: read()[1]):
            raise RuntimeError("the comparison itself changes the value that is compared")
