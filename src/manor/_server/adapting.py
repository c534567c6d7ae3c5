"""What is special about a hosted object: whether it is one of the arena, whether it blocks and needs an adapter.

Servers of which none is load none of the code for such objects.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from manor._wire.references import loaded

if TYPE_CHECKING:
    from manor._server.adapters import Adapter
    from manor._server.calls import Process

__all__ = ["adapt", "id_of", "linger", "release_dead"]

_ATTACHMENT: Final = "manor._resident.attachment"
"""Without this module the process has no arena, and none of its objects."""

_ADAPTED_MODULES: Final = frozenset(("_queue", "_thread", "multiprocessing.pool", "queue", "threading"))
_needs: dict[type, bool] = {}


def id_of(obj: object) -> str | None:
    """Return the id of what *obj* stands for, or None if that is no object of an arena."""
    if _ATTACHMENT not in sys.modules:
        return None
    from manor._resident import handles

    return handles.id_of(obj)


def _is_waited_for(obj: object) -> bool:
    if _ATTACHMENT not in sys.modules:
        return False
    from manor._resident import deputies

    return deputies.is_waited_for(obj)


def adapt(obj: object) -> Adapter | None:
    """Return the adapter of an object that blocks, of the standard library or in shared memory; None for any other."""
    kind = type(obj)
    needed = _needs.get(kind)
    if needed is None:
        needed = _is_waited_for(obj) or any(base.__module__ in _ADAPTED_MODULES for base in kind.__mro__)
        if len(_needs) < 1024:
            _needs[kind] = needed
    if not needed:
        return None
    from manor._server.adapters import adapt as choose  # see above

    return choose(obj)


def release_dead(process: Process) -> None:
    """Give back what a client process, which died abnormally, had acquired in shared memory by calls to the server."""
    residents = loaded("manor._server.adapters.residents")
    if residents is not None:
        residents.release_dead(process)


def linger() -> None:
    """As the last act of a server thread: do what only the owner of an RLock can do."""
    adapters = loaded("manor._server.adapters")
    if adapters is not None:
        adapters.linger()
