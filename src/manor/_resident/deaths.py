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
    deaths: list[tuple[int, str | None]] | None = None


_noting = _Noting()


def noting(kind: str, function: Callable[[], Any]) -> Any:
    """Return what *function* does, in a note if it took a *kind* of lock from the dead: for a caller elsewhere."""
    outer, _noting.deaths = _noting.deaths, []
    try:
        result = function()
        deaths = _noting.deaths
    finally:
        _noting.deaths = outer
    if not deaths:
        return result
    pid, where = deaths[-1]
    return Noted(result, pid, "", kind, where)


def tell(kind: str, pid: int, where: str | None, *, raises: bool, leave: Callable[[], object] | None) -> None:
    """Tell the caller that a lock which it has just taken was process *pid*'s, which was killed.

    Args:
        kind: What it took.
        pid: The process.
        where: From where it had taken that, if it is known.
        raises: Whether to raise ``OwnerDied`` instead of warning.
        leave: Gives it back if an exception comes of this; None where the caller of ``acquire`` shall keep it.
    """
    note = Noted(True, pid, "", kind, where)
    if _noting.deaths is not None and not raises:
        _noting.deaths.append((pid, where))
        return
    try:
        if raises:
            raise OwnerDied(str(note))
        warnings.warn(str(note), OwnerDiedWarning, stacklevel=3)
    except BaseException:
        if leave is not None:
            leave()
        raise
