"""Deep sharing: plain lists, dicts and sets as shared ones, with all that is in them.

First an empty shared container is made for each plain one, then all are filled, and whoever asks stores what is
complete, in one step. One plain object that is met twice becomes one shared object, so cycles end. Nothing is
recursive but tuples: structures may be as deep as they like.
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
        """Plain and shared containers, by the ids of the plain ones, which are kept here so that those stay theirs."""
        self._tuples: dict[int, tuple[Any, Any]] = {}
        """Tuples, and what to store for them once that is known, by the ids of the tuples."""

    def one(self, value: Any) -> Any:
        """Return what to store for a value: a shared container for a plain one, else the value itself."""
        return self.all((value,))[0]

    def all(self, values: Iterable[Any]) -> list[Any]:
        """Return what to store for several values."""
        values = list(values)
        try:
            self._make_all(values)
            for plain, made in self._made.values():
                self._fill(made, plain)
        except BaseException:
            for _, made in self._made.values():
                with contextlib.suppress(Exception):  # as well as can be: a cycle would stay
                    made.clear()
            raise
        return [self._stored(value) for value in values]

    def _make_all(self, values: list[Any]) -> None:
        """Make a shared container for each plain one that can be reached."""
        made, tuples, waiting = self._made, self._tuples, values[::-1]
        while waiting:
            value = waiting.pop()
            kind = type(value)
            if kind is tuple:
                if id(value) not in tuples:
                    tuples[id(value)] = value, None
                    waiting.extend(value[::-1])
            elif kind in _TYPEIDS and id(value) not in made:
                made[id(value)] = value, self._make(_TYPEIDS[kind])
                if kind is not set:
                    waiting.extend(list(value.values() if kind is dict else value)[::-1])

    def _fill(self, made: Any, plain: Any) -> None:
        if not plain:
            return
        if type(plain) is dict:
            made.update({key: self._stored(value) for key, value in plain.items()})
        elif type(plain) is list:
            made.extend([self._stored(value) for value in plain])
        else:
            made.update(plain)

    def _stored(self, value: Any) -> Any:
        """Return what to store for a value that has been met."""
        if type(value) is not tuple:
            known = self._made.get(id(value))
            return value if known is None or known[0] is not value else known[1]
        done = self._tuples[id(value)][1]
        if done is None:
            items = tuple(map(self._stored, value))
            done = value if all(map(_is, items, value)) else items
            self._tuples[id(value)] = value, done
        return done


def _is(one: object, other: object) -> bool:
    return one is other
