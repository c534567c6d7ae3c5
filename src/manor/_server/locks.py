"""All that is held or waited for, in a server's arena and among what it hosts."""

from __future__ import annotations

from manor._resident.lock_states import states_of
from manor._server.dispatch import Dispatcher
from manor._server.names import Names
from manor._server.told import told_of
from manor._wire.people import LockState

__all__ = ["locks"]


def locks(dispatcher: Dispatcher, names: Names) -> list[LockState]:
    """Return the state of everything that is held or waited for on one server."""
    found = [] if dispatcher.residency is None else states_of(dispatcher.residency.arena)
    for hosted in dispatcher.table.all():
        told = told_of(hosted.obj)
        if told is not None:
            found.append(LockState(hosted.typeid, f"{hosted.ident:x}", names.of(hosted), *told))
    return found
