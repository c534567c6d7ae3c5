"""Which of the objects of standard types that are asked for can live in the arena."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from manor import _native
from manor._resident.tags import factory_number

__all__ = ["SERVED", "can_be_resident"]

SERVED: Final = frozenset(("ChainMap", "OrderedDict"))
"""Types that the server hosts, wherever the others live."""


def can_be_resident(typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> bool:
    """Whether what these arguments ask for is for the arena: not an action, nor what uses a lock that is elsewhere."""
    if typeid == "Barrier":
        parties = args[0] if args else kwds.get("parties", 1)
        action = args[1] if len(args) > 1 else kwds.get("action")
        return action is None and isinstance(parties, int)  # what else threading takes, it takes in the server
    if typeid == "Condition":
        lock = args[0] if args else kwds.get("lock")
        return lock is None or isinstance(lock, _native.Mutex)
    if typeid == "deque":  # one with a bound drops at one end what comes at the other: two changes in one step
        return len(args) < 2 and "maxlen" not in kwds
    if typeid == "defaultdict":
        return factory_number(args[0] if args else None) is not None
    return typeid not in SERVED
