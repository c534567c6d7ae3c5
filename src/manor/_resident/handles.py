"""The ids of objects in the arena, as tokens have them."""

from __future__ import annotations

from manor import _native
from manor._wire.tokens import Token

__all__ = ["id_of"]


def id_of(obj: object) -> str | None:
    """Return the id of what *obj* stands for, or None if that is no object of an arena."""
    return Token.id_of(obj._handle) if isinstance(obj, _native.Object) else None
