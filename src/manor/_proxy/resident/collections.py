"""Proxies of the types of the module ``collections``, when this process is attached to the arena."""

from __future__ import annotations

import collections
from typing import Any, Final

from manor._proxy.collections.counters import CounterProxy
from manor._proxy.collections.deques import DequeProxy
from manor._proxy.collections.mappings import DefaultDictProxy
from manor._proxy.resident.containers import ResidentContainer
from manor._resident.counters import Counter
from manor._resident.defaultdicts import DefaultDict
from manor._resident.deques import Deque

__all__ = ["COLLECTIONS", "make_collection"]


class ResidentDeque(ResidentContainer, Deque, DequeProxy[Any]):
    """A deque in shared memory."""

    _typeid = "deque"


class ResidentCounter(ResidentContainer, Counter, CounterProxy[Any]):  # type: ignore[misc]  # see the operators
    """A counter in shared memory."""

    _typeid = "Counter"


class ResidentDefaultDict(ResidentContainer, DefaultDict, DefaultDictProxy[Any, Any]):
    """A defaultdict in shared memory."""

    _typeid = "defaultdict"


COLLECTIONS: Final[tuple[Any, ...]] = (ResidentCounter, ResidentDefaultDict, ResidentDeque)
"""All of these classes."""


def make_collection(arena: Any, typeid: str, args: tuple[Any, ...], kwds: dict[str, Any], deep: int) -> Any:
    """Make one; the arguments, and the errors for wrong ones, are those of the module ``collections``."""
    if typeid == "deque":
        return ResidentDeque.create(arena, collections.deque(*args, **kwds), deep)
    if typeid == "Counter":
        return ResidentCounter.create(arena, collections.Counter(*args, **kwds))
    return ResidentDefaultDict.create(arena, collections.defaultdict(*args, **kwds), deep)
