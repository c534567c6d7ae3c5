"""Which object a face or a proxy stands for, and a plain copy of it."""

from __future__ import annotations

from typing import Any

from manor import _native

__all__ = ["is_same", "plain"]


def plain(value: Any) -> Any:
    """Return a copy of the hosted object when *value* is a face or a proxy, otherwise *value* itself."""
    copy = getattr(type(value), "_getvalue", None)
    return value if copy is None else copy(value)


def is_same(face: _native.Object, other: object) -> bool:
    """Whether *other* is a face of the same object."""
    return isinstance(other, _native.Object) and other._handle == face._handle and other._arena is face._arena
