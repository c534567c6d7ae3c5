"""Deep sharing: plain lists, dicts and sets as shared ones, with all that is in them.

The structure is built aside; whoever asks for it then stores it in one step. One plain object that is met twice
becomes one shared object, so cycles end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, Final

__all__ = ["Sharing"]

_TYPEIDS: Final[dict[type, str]] = {list: "list", dict: "dict", set: "set"}


class Sharing:
    """What is stored by one operation."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        """Share by *make*, which makes an empty deep container of a typeid."""
        self._make = make
        self._made: dict[int, tuple[Any, Any]] = {}
        """By the ids of plain objects, which are kept here so that those stay theirs."""

    def all(self, values: Iterable[Any]) -> list[Any]:
        """Return what to store for several values."""
        try:
            return [self._shared(value) for value in values]
        except BaseException:
            for _, made in self._made.values():
                with contextlib.suppress(Exception):  # as well as can be: a cycle would stay
                    made.clear()
            raise

    def one(self, value: Any) -> Any:
        """Return what to store for a value: a shared container for a plain one, else the value itself."""
        return self.all((value,))[0]

    def _shared(self, value: Any) -> Any:
        kind = type(value)
        if kind is tuple:
            items = tuple(map(self._shared, value))
            return value if all(map(_is, items, value)) else items
        typeid = _TYPEIDS.get(kind)
        if typeid is None:
            return value
        known = self._made.get(id(value))
        if known is not None:
            return known[1]
        made = self._make(typeid)
        self._made[id(value)] = value, made
        if not value:
            return made
        if kind is dict:
            made.update({key: self._shared(item) for key, item in value.items()})
        elif kind is list:
            made.extend([self._shared(item) for item in value])
        else:
            made.update(value)
        return made


def _is(one: object, other: object) -> bool:
    return one is other
