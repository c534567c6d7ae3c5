"""What the tag of an object in the arena says: which of Python's types it is, and whether it is deep."""

from __future__ import annotations

import collections
from typing import Any, Final

__all__ = [
    "CONTAINERS",
    "COUNTER_TAG",
    "DEEP",
    "DEFAULTDICT_TAG",
    "DEQUE_TAG",
    "FACTORIES",
    "TYPE_BITS",
    "factory_number",
]

DEEP: Final = 4 << 32
"""Beside the rest: plain lists, dicts and sets that are stored become shared ones. The native code knows this bit."""
TYPE_BITS: Final = (1 << 32) - 1
DEQUE_TAG: Final = 1 << 16
COUNTER_TAG: Final = 1 << 17
DEFAULTDICT_TAG: Final = 1 << 17 | 1 << 18
"""With the number of the factory beside it. To the native code, bit 16 is a deque, bit 17 knows missing keys."""

FACTORIES: Final[tuple[Any, ...]] = (
    None, int, float, complex, str, bytes, bool, tuple, frozenset,
    list, dict, set, collections.deque, collections.Counter,
)  # fmt: skip
"""By number; one that was ever given stays."""
CONTAINERS: Final = frozenset((list, dict, set, collections.deque, collections.Counter))


def factory_number(factory: object) -> int | None:
    """Return the number of the factory of a defaultdict, or None for one that only the server can call."""
    return next((number for number, known in enumerate(FACTORIES) if known is factory), None)
