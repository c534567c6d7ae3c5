"""The names of an object and its manager, and the epoch of a manager's name.

Memory whose server was killed, and whose owner, too, has nobody to end it. So each operation of a proxy that has names
looks at the epoch of the manager's name, a number in a file that is mapped; when it changes, the name has gone to
another one, and the memory of the former is ended by whoever sees that first.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

from manor._resident import attachment
from manor._transport.peers import machine_id
from manor._transport.runtime_folder import RuntimeFolder
from manor._wire.references import Reference

__all__ = ["Names", "epoch_of", "look", "names_of"]

_FOUND_AGAIN: Final = Reference("manor.managers.discovery", "found_again")
"""It makes managers, which are above this package."""
_FIND: Final = Reference("manor._engines.registry_of_names", "find")
_NO_EPOCH: Final = ((0,), 0)
_epochs: Final[dict[tuple[str, bytes], tuple[Any, int]]] = {}


class Names(NamedTuple):
    """What an object is called, and by whom: names mean nothing on another machine or to another user."""

    manager: str
    name: str
    machine: bytes
    user: int

    @property
    def are_ours(self) -> bool:
        """Whether they mean something here."""
        return self.machine == machine_id() and self.user == os.geteuid()

    def found(self, typeid: str, dead: bytes) -> Any:
        """Return the object that has the names now, or None."""
        if not self.are_ours:
            return None
        return _FOUND_AGAIN(self.manager, self.name, typeid, dead)


def epoch_of(names: Names, server: bytes) -> tuple[Any, int]:
    """Return a view of the epoch of a manager's name, and what that is as long as *server* has the name."""
    found = _epochs.get((names.manager, server))
    if found is None:
        if not names.are_ours:
            return _NO_EPOCH
        entry = _FIND(names.manager)
        if entry is None or entry.server != server:
            return _NO_EPOCH
        for known in [known for known in _epochs if known[0] == names.manager]:  # those of former servers
            del _epochs[known]
        with RuntimeFolder.of_user() as folder:
            found = _epochs[names.manager, server] = (folder.epoch(names.manager), entry.epoch)
    return found


def look(proxy: Any) -> None:
    """End the memory of a manager whose name another one has; what is to be done then raises ``ManagerDied``."""
    own = proxy.__dict__
    seen = own["_epoch"][0]
    if seen == own["_seen"]:
        return
    entry, server = _FIND(names_of(proxy).manager), proxy._token.route.server
    arena = attachment.find(server)
    if entry is not None and entry.server != server and arena is not None:
        arena.end()
    own["_seen"] = seen


def names_of(proxy: Any) -> Names:
    names: Names = object.__getattribute__(proxy, "__dict__")["_names"]
    return names
