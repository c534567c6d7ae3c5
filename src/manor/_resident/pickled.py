"""What a pickle of a proxy says of its object, and the native way from that to a proxy.

Pickles consist of one byte string because that is the quickest to read, and of numbers for the types.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from manor import _native
from manor._resident.attachment import arenas

__all__ = ["NUMBERS", "TYPEIDS", "R", "parts_of", "rebuild_by", "rebuild_resident"]

TYPEIDS: Final = (
    "dict", "list", "set", "Value", "Array", "Namespace", "Lock", "RLock", "Semaphore", "BoundedSemaphore", "Event",
    "Condition", "Barrier", "Queue", "JoinableQueue", "LifoQueue", "PriorityQueue", "SimpleQueue", "deque", "Counter",
    "defaultdict",
)  # fmt: skip
"""By the number that pickles have; one that was ever given stays."""
NUMBERS: Final = {typeid: number for number, typeid in enumerate(TYPEIDS)}
_HEAD: Final = struct.Struct("<16sQQB")

rebuild_resident = R = _native.R
R.__module__ = "manor"
"""Pickles name it ``manor.R``: each dot takes the unpickler longer to find it, and so does a second letter."""


def rebuild_by(classes: dict[str, Any], otherwise: Callable[[bytes, int | None, bytes | None], Any]) -> None:
    """Have proxies be instances of *classes*, by typeid; *otherwise* makes those of other arenas and classes."""
    _native.rebuild_by(arenas, classes, TYPEIDS, otherwise)


def parts_of(record: bytes) -> tuple[bytes, str, tuple[int, int], bytes]:
    """Return the server, the typeid, the handle, and what says where the server is."""
    server, at, generation, number = _HEAD.unpack_from(record)
    return server, TYPEIDS[number], (at, generation), record[_HEAD.size :]
