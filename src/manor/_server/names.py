"""Names of objects, as the server keeps them: in its arena, or by itself where it has none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher
    from manor._server.objects import Hosted

__all__ = ["Names"]


class Names:
    """The names of one server's objects; a name holds its object."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._hosted: dict[str, Hosted] = {}
        self._lock = threading.Lock()

    def add(self, name: str, hosted: Hosted) -> bool:
        """Give an object a name; False if another has it."""
        residency = self._dispatcher.residency
        if residency is not None:
            return residency.arena.add_name(name, hosted.obj)
        with self._lock:
            if name in self._hosted:
                return False
            self._hosted[name] = hosted
        self._dispatcher.table.add_local(hosted.ident)
        return True

    def find(self, name: str) -> tuple[str, Any] | None:
        """Return the type and the object of a name, or None."""
        residency = self._dispatcher.residency
        if residency is not None:
            found = residency.arena.find_name(name)
            return None if found is None else (found._typeid, residency.open(found._typeid, found._handle))
        hosted = self._hosted.get(name)
        return None if hosted is None else (hosted.typeid, hosted.obj)

    def of(self, hosted: Hosted) -> str | None:
        """Return the name of an object that is not in the arena, or None."""
        with self._lock:
            return next((name for name, named in self._hosted.items() if named is hosted), None)

    def remove(self, name: str) -> bool:
        """Take a name away; False if no object has it."""
        residency = self._dispatcher.residency
        if residency is not None:
            return residency.arena.remove_name(name)
        with self._lock:
            hosted = self._hosted.pop(name, None)
        if hosted is not None:
            self._dispatcher.table.drop_local(hosted.ident)
        return hosted is not None

    def all(self) -> list[str]:
        """Return every name, the oldest first."""
        residency = self._dispatcher.residency
        return list(self._hosted) if residency is None else residency.arena.names()
