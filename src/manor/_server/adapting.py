"""What is special about a hosted object: whether it is one of the arena, whether it blocks and needs an adapter.

Servers of which none is load none of the code for such objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from manor._wire.references import Reference, loaded

if TYPE_CHECKING:
    from manor._server.adapters import Adapter
    from manor._server.calls import Process

__all__ = ["adapt", "id_of", "linger", "release_dead"]

_ID_OF: Final = Reference("manor._resident.handles", "id_of")
_IS_WAITED_FOR: Final = Reference("manor._resident.deputies", "is_waited_for")

_ADAPTED_MODULES: Final = frozenset(("_queue", "_thread", "multiprocessing.pool", "queue", "threading"))
_needs: dict[type, bool] = {}


def id_of(obj: object) -> str | None:
    """Return the id of what *obj* stands for, or None if that is no object of an arena."""
    found: str | None = _ID_OF(obj) if _has_arena() else None
    return found


def _has_arena() -> bool:
    """Whether the process may have objects of an arena: only this module attaches it to one."""
    return loaded("manor._resident.attachment") is not None


def adapt(obj: object) -> Adapter | None:
    """Return the adapter of an object that blocks, of the standard library or in shared memory; None for any other."""
    kind = type(obj)
    needed = _needs.get(kind)
    if needed is None:
        needed = (_has_arena() and _IS_WAITED_FOR(obj)) or any(
            base.__module__ in _ADAPTED_MODULES for base in kind.__mro__
        )
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
