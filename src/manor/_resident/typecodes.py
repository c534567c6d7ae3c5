"""Making what ``Array`` hosts, in shared memory or in the server."""

from __future__ import annotations

import array
from collections.abc import Iterable
from typing import Any

__all__ = ["new_array"]


def new_array(typecode: str, items: Iterable[Any]) -> array.array[Any]:
    """Return ``array.array(typecode, items)``.

    Raises:
        TypeError: As the array module does; a number, by which ``multiprocessing.Array`` gives a length, says more.
    """
    if isinstance(items, int):
        raise TypeError(
            f"{type(items).__name__!r} object is not iterable: an Array of a manager takes its items; "
            f"write Array({typecode!r}, [0] * {items})"
        )
    return array.array(typecode, items)
