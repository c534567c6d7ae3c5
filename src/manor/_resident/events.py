"""``Event`` and ``Barrier`` in the arena."""

from __future__ import annotations

import threading
from typing import NoReturn, Self

from manor import _native
from manor._wire.people import Waiter, waiters_of
from manor.errors import NotPicklable

__all__ = ["Barrier", "Event"]


class Event(_native.Event):
    """A flag that can be waited for."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _native.own_methods(cls, "is_set")

    @classmethod
    def create(cls, arena: _native.Arena) -> Self:
        """Make an event whose flag is lowered."""
        return cls(arena)

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for the flag to be raised."""
        return waiters_of(self._waiters())

    def _getvalue(self) -> NoReturn:
        raise NotPicklable("an Event cannot be copied")

    def __repr__(self) -> str:
        return f"<Event, {'set' if self.is_set() else 'unset'}, {len(self.waiters)} waiting>"


class Barrier(_native.Barrier):
    """A meeting point: nobody goes on before all parties have come. It breaks when one that waits is killed."""

    __slots__ = ()

    @classmethod
    def create(  # the standard library's signature
        cls,
        arena: _native.Arena,
        parties: int,
        action: None = None,  # noqa: ARG003
        timeout: float | None = None,
    ) -> Self:
        """Make a barrier.

        Args:
            arena: Where to make it.
            parties: How many have to come.
            action: None: an action runs in the server, which has a barrier of its own for that.
            timeout: In seconds, for waits that name none.
        """
        threading.Barrier(parties)  # refuses what this version of Python refuses
        return cls(arena, None, 0, parties, timeout)

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that have come."""
        return waiters_of(self._waiters())

    def _getvalue(self) -> NoReturn:
        raise NotPicklable("a Barrier cannot be copied")

    def __repr__(self) -> str:
        state = "broken" if self.broken else f"{self.n_waiting} of {self.parties} waiting"
        return f"<Barrier, {state}>"
