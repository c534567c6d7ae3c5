"""What is held or waited for in an arena."""

from __future__ import annotations

from typing import Final

from manor import _native
from manor._resident.attachment import Arena
from manor._resident.kinds import type_of
from manor._resident.naming import names_of
from manor._wire.people import LockState, Person, holder_of, waiters_of
from manor._wire.tokens import Token
from manor.errors import ObjectGone

__all__ = ["states_of"]

_Handle = tuple[int, int]

_LOCK, _RLOCK, _SEMAPHORE, _BOUNDED_SEMAPHORE, _CONDITION = 5, 6, 7, 8, 10
_HELD: Final = frozenset((_LOCK, _RLOCK, _CONDITION))
_COUNTED: Final = frozenset((_SEMAPHORE, _BOUNDED_SEMAPHORE))
_OWN_LOCK_TAG: Final = 2
"""The native code gives it to the lock that a condition makes for itself."""


def states_of(arena: Arena) -> list[LockState]:
    """Return all that is held or waited for; of each the state of one moment, of several not that of the same."""
    waiting: dict[_Handle, list[Person]] = {}
    for handle, person in arena.waits():
        waiting.setdefault(handle, []).append(person)
    found = []
    objects = [((at, generation), kind, tag) for kind, tag, at, generation in arena.objects()]
    own_locks = {handle for handle, kind, tag in objects if kind == _RLOCK and tag == _OWN_LOCK_TAG}
    for handle, kind, tag in objects:
        if handle in own_locks:  # told of with its condition
            continue
        try:
            waiters = waiting.get(handle, [])
            if kind == _CONDITION and (lock := _native.Condition(arena, handle)._lock_handle()) in own_locks:
                waiters = waiters + waiting.get(lock, [])
            holder = _holder(arena, kind, handle) if kind in _HELD else None
            if waiters or holder is not None or (kind in _COUNTED and _is_held(arena, kind, handle)):
                waiters = sorted(waiters, key=lambda person: person[3])
                found.append((type_of(kind, tag), handle, holder, waiters))
        except ObjectGone:  # since it was listed
            continue
    names = names_of(arena) if found else {}
    return [
        LockState(typeid, Token.id_of(handle), names.get(handle), holder_of(holder), waiters_of(waiters))
        for typeid, handle, holder, waiters in found
    ]


def _holder(arena: Arena, kind: int, handle: _Handle) -> Person | None:
    if kind == _CONDITION:
        return _native.Condition(arena, handle)._holder()
    return _native.Mutex(arena, handle, 0, kind == _RLOCK)._holder()


def _is_held(arena: Arena, kind: int, handle: _Handle) -> bool:
    return _native.Semaphore(arena, handle, 0, kind == _BOUNDED_SEMAPHORE)._is_held()
