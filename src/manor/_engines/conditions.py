"""Making a condition around a lock of the same manager."""

from __future__ import annotations

from typing import Any

from manor._engines.local_link import LocalHold
from manor._server.primitives import Condition
from manor._server.primitives.mutex import Mutex

__all__ = ["make_condition"]


def make_condition(lock: Any = None, *, on_owner_death: str | None = None) -> Condition:
    """Return a new condition.

    Args:
        lock: A proxy of a Lock or RLock of this server, or None for a new RLock.
        on_owner_death: As an RLock's; not with a lock, which has its own.

    Raises:
        TypeError: It is neither.
        ValueError: Both are given.
    """
    if lock is None:
        return Condition(on_owner_death=on_owner_death)
    hold = getattr(lock, "_hold", None)
    mutex = hold.link.dispatcher.find(hold.ident).obj if isinstance(hold, LocalHold) else None
    if not isinstance(mutex, Mutex):
        raise TypeError(f"a condition takes a Lock or RLock of its own manager, not {lock!r}")
    return Condition(mutex, on_owner_death=on_owner_death)
