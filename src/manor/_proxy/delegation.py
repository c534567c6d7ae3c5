"""Classes to which a proxy changes when another proxy is to do all its work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

__all__ = ["KEPT", "delegating", "special_names"]

_ASKED: Final = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__repr__", "__str__", "__reduce__"}
KEPT: Final = ({*vars(object), "__getattr__", "__dict__", "__weakref__", "__class_getitem__"} - _ASKED) | {"__hash__"}
"""Special methods that stay as they are; equal hashes in particular must stay equal."""


def special_names(cls: type) -> list[str]:
    """Return the names of the special methods that say what an object does."""
    names = {name for name in dir(cls) if name.startswith("__") and name.endswith("__")} - KEPT
    return sorted(name for name in names if callable(getattr(cls, name, None)))


def delegating(cls: type, like: type, target: Callable[[Any], Any], own: Collection[str]) -> type:
    """Return a subclass of *cls* whose instances have another proxy do everything.

    Args:
        cls: What the proxies are now.
        like: The class of the others, whose special methods it needs.
        target: Returns the other proxy.
        own: Names of attributes of the instance itself.
    """

    def getattribute(self: Any, name: str) -> Any:
        return object.__getattribute__(self, name) if name in own else getattr(target(self), name)

    def setattribute(self: Any, name: str, value: Any) -> None:
        if name in own:
            object.__setattr__(self, name, value)
        else:
            setattr(target(self), name, value)

    def deleteattribute(self: Any, name: str) -> None:
        delattr(target(self), name)

    special = {name: _special(name, target) for name in special_names(like)}
    body = {"__getattribute__": getattribute, "__setattr__": setattribute, "__delattr__": deleteattribute,
            "__slots__": (), "__module__": cls.__module__, "__hash__": cls.__hash__}  # fmt: skip
    return type(cls.__name__, (cls,), {**special, **body})


def _special(name: str, target: Callable[[Any], Any]) -> Callable[..., Any]:
    def method(self: Any, /, *args: Any, **kwds: Any) -> Any:
        other = target(self)
        result = getattr(type(other), name)(other, *args, **kwds)
        return self if result is other else result

    method.__name__ = name
    return method
