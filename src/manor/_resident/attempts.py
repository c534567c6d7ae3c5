"""Trying again what another process's change has made void, and then with others kept out.

Functions and comparisons of users run outside of any lock, on a copy; what they give is stored only if the container
still is what was copied. After a few attempts the container is *reserved*: other threads wait until this one is done.
Whoever keeps on failing then changes the container itself, while it compares.

A reservation ends by itself with its thread, and no thread waits for one for more than ten seconds: a comparison that
takes longer than that, or waits for another process, fails as if it had changed the container.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, Self

__all__ = ["Attempts"]

_FREE: Final = 3
"""Attempts that may be lost before others are kept out."""
_ALONE: Final = 3
"""And so many more with nobody else in."""


class _Reservable(Protocol):
    def _reserve(self) -> None: ...

    def _end_reservation(self) -> None: ...


class Attempts:
    """The attempts of one operation on a container."""

    __slots__ = ("_container", "_lost")

    def __init__(self, container: _Reservable) -> None:
        self._container = container
        self._lost = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: Any) -> None:
        if self._lost >= _FREE:
            self._container._end_reservation()

    def lost(self) -> bool:
        """Note that an attempt was void; return whether others have no part in it."""
        self._lost += 1
        if self._lost >= _FREE:
            self._container._reserve()
        return self._lost >= _FREE + _ALONE
