"""Which process and thread we are, in names that are never used twice (pids and thread idents are)."""

from __future__ import annotations

import itertools
import os
import threading

__all__ = ["process_id", "renew_process_id", "thread_serial"]

_process_id = os.urandom(16)
_serials = itertools.count(1)


class _Thread(threading.local):
    def __init__(self) -> None:
        self.serial = next(_serials)


_thread = _Thread()


def process_id() -> bytes:
    """Return the 16 bytes that name this process."""
    return _process_id


def renew_process_id() -> None:
    """Give a forked child a name of its own."""
    global _process_id
    _process_id = os.urandom(16)


def thread_serial() -> int:
    """Return the number of the current thread, counted from 1 in the order in which threads first asked."""
    return _thread.serial
