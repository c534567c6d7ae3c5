"""How a client asks for a deep container."""

from __future__ import annotations

from typing import Final

__all__ = ["DEEP_TYPEIDS", "deep_typeid", "split_typeid"]

DEEP_TYPEIDS: Final = frozenset(
    ("ChainMap", "Namespace", "OrderedDict", "Value", "defaultdict", "deque", "dict", "list", "set")
)
"""Types of containers in which there can be others."""
_DEEP: Final = "deep:"


def deep_typeid(typeid: str) -> str:
    """Return what to ask a server for."""
    return _DEEP + typeid


def split_typeid(asked: str) -> tuple[str, bool]:
    """Return the typeid, and whether a deep container is wanted."""
    return (asked[len(_DEEP) :], True) if asked.startswith(_DEEP) else (asked, False)
