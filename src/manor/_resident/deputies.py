"""Lives in the arena that the server keeps for threads which are elsewhere."""

from __future__ import annotations

from manor import _native
from manor._resident.watching import Watch

__all__ = ["Arena", "Deputy", "is_waited_for"]

Arena = _native.Arena
Deputy = _native.Deputy

_WAITED_FOR = (_native.Barrier, _native.Event, _native.Mutex, _native.Queue, _native.Semaphore, Watch)


def is_waited_for(obj: object) -> bool:
    """Whether *obj* is an object of the arena for which threads wait."""
    return isinstance(obj, _WAITED_FOR)
