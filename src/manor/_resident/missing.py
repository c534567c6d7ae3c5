"""``MISSING``: stands for a value that is not there."""

from __future__ import annotations

from typing import Final

__all__ = ["MISSING", "Missing"]


class Missing:
    """The type of ``MISSING``, which is the same object in every process."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "MISSING"

    def __repr__(self) -> str:
        return "manor.MISSING"


MISSING: Final = Missing()
"""``d.compare_and_set(key, MISSING, value)`` sets *key* only if it is not there."""
