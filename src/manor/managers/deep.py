"""Which containers are deep: those of a deep manager, and those that are asked for with ``deep=True``."""

from __future__ import annotations

from typing import Any, Final

from manor._wire.deep import DEEP_TYPEIDS

__all__ = ["split_deep"]

_TAKES_ITEMS: Final = frozenset(("OrderedDict", "defaultdict", "dict"))
"""Types whose keywords are items: there ``deep=True`` is an option where no item is given by keyword."""
_TAKES_NONE: Final = frozenset(("ChainMap", "Namespace"))
"""Types of which only the manager says that they are deep."""


def split_deep(typeid: str, kwds: dict[str, Any], *, default: bool) -> tuple[bool, dict[str, Any]]:
    """Return whether a container is to be deep, and the other keyword arguments.

    Args:
        typeid: Its type.
        kwds: All keyword arguments.
        default: Whether the manager is deep.
    """
    if typeid not in DEEP_TYPEIDS:
        return False, kwds
    if "deep" not in kwds or typeid in _TAKES_NONE:
        return default, kwds
    if typeid in _TAKES_ITEMS and (kwds["deep"] is not True or kwds.keys() - {"deep", "name"}):
        return default, kwds
    return bool(kwds["deep"]), {name: value for name, value in kwds.items() if name != "deep"}
