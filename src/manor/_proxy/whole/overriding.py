"""Classes of proxies whose users have overridden ``_callmethod``: every call goes by way of that.

What a class of proxies has calls the link by itself, which saves a call. A subclass that has a ``_callmethod`` of its
own gets another base, once, when the class is made: one that comes before that class, so that ``super().method()``
finds it too, and has all of it by way of ``_callmethod``. The class itself, and all others derived from it, stay fast.
"""

from __future__ import annotations

import functools
from typing import Any, Final

__all__ = ["DIRECT", "call_all_by_callmethod", "call_by_callmethod"]

DIRECT: Final = "_direct_"
"""The attribute of functions that call the link by themselves: what they call."""


def call_all_by_callmethod(cls: Any) -> None:
    """Have *cls* inherit nothing that would not see its ``_callmethod``."""
    made = {base: _calling_by_callmethod(base) for base in cls.__mro__ if "_shape_" in vars(base)}
    bases = tuple(made.pop(base, base) for base in cls.__bases__)
    cls.__bases__ = (*bases, *made.values())


def _calling_by_callmethod(base: Any) -> Any:
    """Return a class derived from *base*, the proxies of one class of objects, and the same but for who is called."""
    replaced = {name: call_by_callmethod(value) for name, value in vars(base).items()}
    namespace = {name: value for name, value in replaced.items() if value is not None}
    looks = {name: getattr(base, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(base)(base.__name__, (base,), {**namespace, **looks, "_by_callmethod_": True})


def call_by_callmethod(value: Any) -> Any:
    """Return what does the same as a method or property by way of ``_callmethod``; None if *value* does so already."""
    if isinstance(value, property):
        if getattr(value.fget, DIRECT, None) is None:
            return None
        return property(_reading(value.fget), doc=value.__doc__)
    return None if getattr(value, DIRECT, None) is None else _calling(value)


def _calling(direct: Any) -> Any:
    name = getattr(direct, DIRECT)

    def call(self: Any, /, *args: Any, **kwds: Any) -> Any:
        return self._callmethod(name, args, kwds)

    return _like(direct, call)


def _reading(direct: Any) -> Any:
    asked = (getattr(direct, DIRECT),)

    def read(self: Any) -> Any:
        try:
            return self._callmethod("#GET", asked)
        except AttributeError as error:
            self._missed = (asked[0], error)
            raise

    return _like(direct, read)


def _like(direct: Any, function: Any) -> Any:
    """Return *function* with what *direct* has been given to look like the hosted object's own."""
    functools.update_wrapper(function, direct)
    delattr(function, DIRECT)
    if not hasattr(direct, "__wrapped__"):
        del function.__wrapped__
    return function
