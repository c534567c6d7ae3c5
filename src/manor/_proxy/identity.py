"""Which thread we are, by a number that is never used twice (thread idents are)."""

from __future__ import annotations

import itertools
import threading

__all__ = ["thread_serial"]

_serials = itertools.count(1)


class _Thread(threading.local):
    def __init__(self) -> None:
        self.serial = next(_serials)


_thread = _Thread()


def thread_serial() -> int:
    """Return the number of the current thread, counted from 1 in the order in which threads first asked."""
    return _thread.serial
