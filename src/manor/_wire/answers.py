"""Answers about an object itself, which the proxy that asked makes something of."""

from collections.abc import Sequence
from typing import Any, Final

from manor._record import Record

__all__ = ["ITSELF", "Encoded", "Itself", "Method"]


class Itself:
    """The type of ``ITSELF``."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "ITSELF"


ITSELF: Final = Itself()
"""A method returned the very object that it is a method of: who called has a proxy for it."""


class Method(Record):
    """An attribute is a function that is to be called in the server.

    Attributes:
        name: Of the attribute.
    """

    __slots__ = ()

    name: str


class Encoded(Record):
    """A result that was encoded while nobody could change it.

    Attributes:
        parts: Its payload.
    """

    __slots__ = ()

    parts: Sequence[Any]
