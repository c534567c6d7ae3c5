"""Telling who takes a lock that it was a killed process's."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

from manor._resident.naming import names_of
from manor._wire.notes import Noted, described
from manor._wire.tokens import Token
from manor.errors import OwnerDied, OwnerDiedWarning

__all__ = ["noting", "tell"]


class _Noting(threading.local):
    deaths: list[Noted] | None = None


_noting = _Noting()


def noting(function: Callable[[], Any]) -> Any:
    """Return what *function* does, in a note if it took a lock from the dead: for a caller elsewhere."""
    outer, _noting.deaths = _noting.deaths, []
    try:
        result = function()
        deaths = _noting.deaths
    finally:
        _noting.deaths = outer
    return deaths[-1]._replace(result=result) if deaths else result


def tell(obj: Any, pid: int, *, raises: bool, leave: Callable[[], object] | None) -> None:
    """Tell the caller that a lock which it has just taken was process *pid*'s, which was killed.

    Args:
        obj: What it took.
        pid: The process.
        raises: Whether to raise ``OwnerDied`` instead of warning.
        leave: Gives it back if an exception comes of this; None where the caller of ``acquire`` shall keep it.
    """
    what = described(obj._kind, Token.id_of(obj._handle), names_of(obj._arena).get(obj._handle))
    note = Noted(True, pid, "", what, obj._dead_site(), raises)
    if _noting.deaths is not None:
        _noting.deaths.append(note)
        return
    try:
        if raises:
            raise OwnerDied(str(note))
        warnings.warn(str(note), OwnerDiedWarning, stacklevel=3)
    except BaseException:
        if leave is not None:
            leave()
        raise
