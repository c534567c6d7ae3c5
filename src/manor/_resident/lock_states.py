"""What is held or waited for in an arena."""

from __future__ import annotations

from typing import Final

from manor import _native
from manor._resident.attachment import Arena
from manor._resident.kinds import type_of
from manor._wire.people import LockState, Person, holder_of, waiters_of
from manor._wire.tokens import Token
from manor.errors import ObjectGone

__all__ = ["states_of"]

_Handle = tuple[int, int]

_LOCK, _RLOCK, _CONDITION = 5, 6, 10
_HELD: Final = frozenset((_LOCK, _RLOCK, _CONDITION))


def states_of(arena: Arena) -> list[LockState]:
    """Return all that is held or waited for; of each the state of one moment, of several not that of the same."""
    waiting: dict[_Handle, list[Person]] = {}
    for handle, person in arena.waits():
        waiting.setdefault(handle, []).append(person)
    found = []
    for kind, tag, at, generation in arena.objects():
        handle = at, generation
        waiters = sorted(waiting.get(handle, ()), key=lambda person: person[3])
        holder = _holder(arena, kind, handle) if kind in _HELD else None
        if waiters or holder is not None:
            found.append((type_of(kind, tag), handle, holder, waiters))
    names = _names(arena) if found else {}
    return [
        LockState(typeid, Token.id_of(handle), names.get(handle), holder_of(holder), waiters_of(waiters))
        for typeid, handle, holder, waiters in found
    ]


def _holder(arena: Arena, kind: int, handle: _Handle) -> Person | None:
    try:
        if kind == _CONDITION:
            return _native.Condition(arena, handle)._holder()
        return _native.Mutex(arena, handle, 0, kind == _RLOCK)._holder()
    except ObjectGone:  # since it was listed
        return None


def _names(arena: Arena) -> dict[_Handle, str]:
    found = {name: arena.find_name(name) for name in arena.names()}
    return {obj._handle: name for name, obj in found.items() if isinstance(obj, _native.Object)}
