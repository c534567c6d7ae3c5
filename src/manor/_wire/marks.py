"""What the author of a class says of its methods: ``reads`` and ``Proxied``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

__all__ = ["Proxied", "is_proxied", "is_reading", "reads"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_READS: Final = "__manor_reads__"


class _ByProxy:
    def __reduce__(self) -> str:
        return "_BY_PROXY"  # it is the same object in every process: classes travel by value, annotations and all

    def __repr__(self) -> str:
        return "by proxy"


_BY_PROXY: Final = _ByProxy()

Proxied = Annotated[T, _BY_PROXY]
"""The result of a method that says ``-> Proxied[Account]`` stays in the server; who called gets a proxy for it.

To a type checker it is an ``Account``. ``-> Proxied[Account] | None`` may also return None, which is no object.

Examples:
    >>> import manor
    >>> class Desk:
    ...     drawer = ["pen"]
    ...     def open(self) -> manor.Proxied[list[str]]:
    ...         return self.drawer
    >>> with manor.Manager() as manager:
    ...     desk = manager.create(Desk)
    ...     desk.open().append("ink")
    ...     desk.drawer
    ['pen', 'ink']
"""


def reads(method: F) -> F:
    """Mark a method that changes nothing: with ``concurrency="readers"`` such methods run together.

    Any other method of the object still runs alone. A property is marked by its getter, below ``@property``.

    Examples:
        >>> import manor
        >>> class Dictionary:
        ...     words = {"sea": "mare"}
        ...     @manor.reads
        ...     def look_up(self, word):
        ...         return self.words[word]
        >>> with manor.Manager() as manager:
        ...     manager.options(concurrency="readers").create(Dictionary).look_up("sea")
        'mare'
    """
    setattr(method, _READS, True)
    return method


def is_reading(function: Any) -> bool:
    """Whether *function*, a property or a method, was marked by ``reads``."""
    return getattr(_function_of(function), _READS, False) is True


def is_proxied(function: Any) -> bool:
    """Whether what *function*, a property or a method, returns is annotated as ``Proxied``."""
    from manor._wire.annotations import is_marked  # servers ask, and only those that have objects whole

    return is_marked(_function_of(function), _BY_PROXY, {"Proxied": Proxied})


def _function_of(found: Any) -> Any:
    for name in ("fget", "func", "__func__"):
        inner = getattr(found, name, None)
        if callable(inner):
            return inner
    return found
