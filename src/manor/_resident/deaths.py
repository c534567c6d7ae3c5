"""Telling who takes a lock that it was a killed process's."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

from manor._wire.notes import Noted
from manor.errors import OwnerDied, OwnerDiedWarning

__all__ = ["noting", "tell"]


class _Noting(threading.local):
    pids: list[int] | None = None


_noting = _Noting()


def noting(kind: str, function: Callable[[], Any]) -> Any:
    """Return what *function* does, in a note if it took a *kind* of lock from the dead: for a caller elsewhere."""
    outer, _noting.pids = _noting.pids, []
    try:
        result = function()
        pids = _noting.pids
    finally:
        _noting.pids = outer
    return Noted(result, pids[-1], "", kind) if pids else result


def tell(kind: str, pid: int, *, raises: bool, leave: Callable[[], object] | None) -> None:
    """Tell the caller that a lock which it has just taken was process *pid*'s, which was killed.

    Args:
        kind: What it took.
        pid: The process.
        raises: Whether to raise ``OwnerDied`` instead of warning.
        leave: Gives it back if an exception comes of this; None where the caller of ``acquire`` shall keep it.
    """
    note = Noted(True, pid, "", kind)
    if _noting.pids is not None and not raises:
        _noting.pids.append(pid)
        return
    try:
        if raises:
            raise OwnerDied(str(note))
        warnings.warn(str(note), OwnerDiedWarning, stacklevel=3)
    except BaseException:
        if leave is not None:
            leave()
        raise
