"""Whether a hosted object needs an adapter; what does is rare, and its adapters slow to import."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from manor._server.adapters import Adapter

__all__ = ["adapt", "linger"]

_ADAPTED_MODULES: Final = frozenset(("_queue", "_thread", "multiprocessing.pool", "queue", "threading"))
_needs: dict[type, bool] = {}


def adapt(obj: object) -> Adapter | None:
    """Return the adapter of an object of the standard library that blocks; None for any other."""
    kind = type(obj)
    needed = _needs.get(kind)
    if needed is None:
        needed = any(base.__module__ in _ADAPTED_MODULES for base in kind.__mro__)
        if len(_needs) < 1024:
            _needs[kind] = needed
    if not needed:
        return None
    from manor._server.adapters import adapt as choose  # see above

    return choose(obj)


def linger() -> None:
    """As the last act of a server thread: do what only the owner of an RLock can do."""
    adapters = sys.modules.get("manor._server.adapters")
    if adapters is not None:
        adapters.linger()
