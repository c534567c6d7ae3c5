"""Which objects get a name when they are made: those that are asked for with ``name="..."``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from manor._resident.placing import SERVED
from manor._server.registry import RESIDENT_TYPEIDS

__all__ = ["NAMED_TYPEIDS", "asks_for_no_more", "checked", "split_name"]

NAMED_TYPEIDS: Final = RESIDENT_TYPEIDS | SERVED
"""Standard types, whose objects may have names."""
_TAKES_ITEMS: Final = frozenset(("OrderedDict", "defaultdict", "dict"))
"""Types whose keywords are items: there ``name=`` is an option where no item is given by keyword."""
_TAKES_COUNTS: Final = frozenset(("Counter",))
"""Types whose keywords are items that are numbers."""
_TAKES_NONE: Final = frozenset(("Namespace",))
"""Types whose keywords are attributes, and nothing else."""


def checked(name: object) -> str:
    """Return *name*.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty.
    """
    if not isinstance(name, str):
        raise TypeError(f"a name must be a str, not {name!r}")
    if not name:
        raise ValueError("a name must not be empty")
    return name


def split_name(typeid: str, kwds: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the name that an object is to get, or None, and the other keyword arguments.

    Args:
        typeid: Its type.
        kwds: All keyword arguments but ``deep=True``.

    Raises:
        TypeError: What is given as the name is no text.
        ValueError: It is empty.
    """
    if "name" not in kwds or typeid in _TAKES_NONE:
        return None, kwds
    name = kwds["name"]
    if typeid in _TAKES_COUNTS and (len(kwds) > 1 or not isinstance(name, str)):
        return None, kwds
    if typeid in _TAKES_ITEMS:
        if len(kwds) > 1:
            return None, kwds
        if not isinstance(name, str):
            raise TypeError(
                f"{typeid}(name=...) names the object, and a name must be a str, not {name!r}: "
                f'give an item of that key as {{"name": {name!r}}}'
            )
    return checked(name), {key: value for key, value in kwds.items() if key != "name"}


def asks_for_no_more(found: Any, typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> bool:
    """Whether an object that has a name is one that these arguments ask for.

    They may say what kind of container it is, in so far as that can be asked: the factory of a defaultdict, the bound
    of a deque. Other arguments are contents, which the one that was found has already.
    """
    if found._token.typeid != typeid:
        return False
    if typeid == "defaultdict" and len(args) == 1 and not kwds:
        return bool(found.default_factory == args[0])
    if typeid == "deque" and not args and kwds.keys() == {"maxlen"}:
        return bool(found.maxlen == kwds["maxlen"])
    return not args and not kwds
