"""The server's side of stand-ins: variables of the arena that stand for objects that it serves."""

from __future__ import annotations

import threading
from collections.abc import Callable

from manor import _native
from manor._resident.boxes import STAND_IN_TAG

__all__ = ["StandIn", "StandIns"]


class StandIn(_native.Variable):
    """A variable that stands for a served object; its value is how to make a proxy."""

    __slots__ = ()


class StandIns:
    """The stand-ins of one arena, by the numbers of their objects.

    Attributes:
        on_first: Called when the first is added.
    """

    def __init__(self, arena: _native.Arena) -> None:
        self.on_first: Callable[[], None] = lambda: None
        self._arena = arena
        self._by_ident: dict[int, StandIn] = {}
        self._unused: set[int] = set()
        self._lock = threading.Lock()

    def find(self, ident: int) -> tuple[int, int] | None:
        """Return the handle of the stand-in for an object, if there is one."""
        with self._lock:
            found = self._by_ident.get(ident)
            return None if found is None else found._handle

    def add(self, ident: int) -> tuple[int, int]:
        """Make a stand-in for an object, and return its handle."""
        made = StandIn(self._arena, None, STAND_IN_TAG)
        with self._lock:
            is_first = not self._by_ident
            handle = self._by_ident.setdefault(ident, made)._handle
        if is_first:
            self.on_first()
        return handle

    def drop_unused(self) -> list[int]:
        """Forget the stand-ins that nobody else held now and the last time; return the numbers of their objects.

        What a process said before it let go of a stand-in (that a pickle of the proxy may be under way, say) has
        arrived by then.
        """
        unused = self.unused()
        with self._lock:
            gone = unused & self._unused
            self._unused = unused - gone
            for ident in gone:
                del self._by_ident[ident]
        return list(gone)

    def unused(self) -> set[int]:
        """The numbers of objects whose stand-ins nobody else holds now."""
        with self._lock:
            return {ident for ident, stand_in in self._by_ident.items() if stand_in._is_held_here_only()}

    def __len__(self) -> int:
        return len(self._by_ident)
