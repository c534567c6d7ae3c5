"""The types of objects in the arena, by what it says of them."""

from __future__ import annotations

from typing import Final

from manor._resident.boxes import BOX_TAG, STAND_IN_TAG
from manor._resident.queues import typeid_of
from manor._resident.tags import COUNTER_TAG, DEFAULTDICT_TAG, DEQUE_TAG, TYPE_BITS

__all__ = ["NAMESPACE_TAG", "type_of"]

NAMESPACE_TAG: Final = ord("N")
_DICT, _SET, _VARIABLE, _QUEUE = 1, 2, 3, 12
_WAITED_FOR: Final = {
    5: "Lock",
    6: "RLock",
    7: "Semaphore",
    8: "BoundedSemaphore",
    9: "Event",
    10: "Condition",
    11: "Barrier",
}


def type_of(kind: int, tag: int) -> str:
    """Return the typeid of an object of the arena, or what else it is, by its kind and tag."""
    if tag in (BOX_TAG, STAND_IN_TAG):
        return "box" if tag == BOX_TAG else "stand-in"
    tag &= TYPE_BITS
    if kind == _DICT:
        return _type_of_dict(tag)
    if kind == _SET:
        return "set"
    if kind == _VARIABLE:
        return "Value"
    if kind == _QUEUE:
        return typeid_of(tag)
    found = _WAITED_FOR.get(kind)
    if found is not None:
        return found
    return "deque" if tag == DEQUE_TAG else "Array" if tag else "list"


def _type_of_dict(tag: int) -> str:
    if tag & DEFAULTDICT_TAG == DEFAULTDICT_TAG:
        return "defaultdict"
    return {NAMESPACE_TAG: "Namespace", COUNTER_TAG: "Counter"}.get(tag, "dict")
