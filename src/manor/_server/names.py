"""Names of objects, as the server keeps them: in its arena, or by itself where it has none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from manor._server.adapting import id_of

if TYPE_CHECKING:
    from manor._resident.stand_ins import StandIn
    from manor._server.dispatch import Dispatcher, Grantee, ProxyResult
    from manor._server.objects import Hosted
    from manor._server.residency import Residency

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
            named = hosted.obj if id_of(hosted.obj) is not None else self._stand_in(residency, hosted)
            return residency.arena.add_name(name, named)
        with self._lock:
            if name in self._hosted:
                return False
            self._hosted[name] = hosted
        self._dispatcher.table.add_local(hosted.ident)
        return True

    def _stand_in(self, residency: Residency, hosted: Hosted) -> StandIn:
        """Return what the arena has of an object that the server hosts."""
        return residency.standing_for(hosted.ident, lambda: self._dispatcher.record_of(hosted))

    def grant(self, grantee: Grantee, name: str) -> ProxyResult | None:
        """Make the caller a holder of the object of that name; None if there is none."""
        residency = self._dispatcher.residency
        if residency is None:
            hosted = self._hosted.get(name)
            return None if hosted is None else self._dispatcher.grant_again(grantee, hosted)
        found = residency.arena.find_name(name)
        if found is None:
            return None
        if id_of(found) is None:  # a proxy in this very process
            return self._dispatcher.grant_again(grantee, self._dispatcher.find(found._ident))
        return self._dispatcher.host_again(grantee, found._typeid, residency.open(found._typeid, found._handle))

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
