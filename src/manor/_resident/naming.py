"""The names of an arena's objects, by object."""

from __future__ import annotations

from manor import _native

__all__ = ["names_of"]


def names_of(arena: _native.Arena) -> dict[tuple[int, int], str]:
    """Return the name of every object of the arena that has one, by its handle."""
    found = {name: arena.find_name(name) for name in arena.names()}
    return {obj._handle: name for name, obj in found.items() if isinstance(obj, _native.Object)}
