"""What makes methods and classes of proxies look like those of the hosted object's class."""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["LikeTheClass", "dressed", "static"]


def static(cls: type | None, name: str) -> Any:
    """Return what stands under a name in the namespace of a class, or None."""
    for base in () if cls is None else cls.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return None


def _with_self(function: Any) -> Any:
    """Return the signature of a static method as that of a method, or None where it has none, as some in C."""
    import inspect  # for static methods only, which are rare

    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    return signature.replace(parameters=[own, *signature.parameters.values()])


def dressed(method: Any, name: str, like: Any) -> Any:
    """Return *method* with the signature, the name and the docstring of the class's own."""
    method.__name__ = method.__qualname__ = name
    if isinstance(like, staticmethod):
        functools.update_wrapper(method, like.__func__)
        del method.__wrapped__
        method.__signature__ = _with_self(like.__func__)
    elif isinstance(like, classmethod):
        functools.update_wrapper(method, like.__func__)
    elif callable(like):
        functools.update_wrapper(method, like)
    return method


class LikeTheClass:
    """The ``__signature__`` of a class of proxies: how objects are made, not proxies for them.

    It belongs to the class, and not to its instances, nor to a derived class that is made in a way of its own.
    """

    def __init__(self, cls: type) -> None:
        """Show the signature of *cls*."""
        self._class = cls

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner

    def __get__(self, instance: object, owner: type) -> Any:
        import inspect  # for those who ask, who have imported it

        derived = owner.__mro__[: owner.__mro__.index(self._owner)]
        if instance is None and not any("__init__" in vars(cls) for cls in derived):
            try:
                return inspect.signature(self._class)
            except (ValueError, TypeError):  # as that of some classes in C
                pass
        raise AttributeError("__signature__")
