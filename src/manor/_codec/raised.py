"""Exceptions as arguments: what ends a ``with`` block, or is thrown into a generator.

They travel as those that a method raises, but for the chain behind them: as themselves, rebuilt without their
constructor where pickle would fail, or as text. So whoever is to be told of one is told.
"""

from __future__ import annotations

from typing import Any

from manor._codec.exceptions import pack_one, text_of, unpack_one

__all__ = ["Raised", "raised"]


class Raised:
    """Arrives as the exception itself, or as ``RemoteError`` with its text."""

    def __init__(self, error: BaseException) -> None:
        """Pack *error*."""
        self._packed = pack_one(error)
        self._text = "" if self._packed[0] == "text" else text_of(error)

    @property
    def kind(self) -> _KindOfRaised:
        """What arrives as its class."""
        return _KindOfRaised(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return unpack_one, (self._packed, self._text)


class _KindOfRaised:
    def __init__(self, error: Raised) -> None:
        self._error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return type, (self._error,)


def raised(kind: Any = None, error: Any = None, where: object = None) -> tuple[Any, Any, None]:  # noqa: ARG001
    """Return what to send for the arguments of an ``__exit__``; a traceback does not travel."""
    if not isinstance(error, BaseException):
        return kind, error, None
    sent = Raised(error)
    return sent.kind, sent, None
