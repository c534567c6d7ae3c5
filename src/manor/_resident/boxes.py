"""Values that contain proxies, in shared containers.

Such a value is stored as a **box**: a list of its own in the arena, which holds the pickle and a reference to each
object that a proxy in it stands for. So the objects live for as long as the value is stored, and go with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from manor import _native
from manor._codec.codec import codec_for
from manor._codec.context import travel

__all__ = ["BOX_TAG", "STAND_IN_TAG", "Storing", "boxed", "unbox"]

BOX_TAG: Final = 1 << 32
STAND_IN_TAG: Final = 2 << 32
"""The tag of a variable that stands for an object that is served."""


class Storing:
    """Collects what the proxies in one value stand for, while that is pickled."""

    def __init__(self, arena: _native.Arena) -> None:
        self.arena = arena
        self.references: list[_native.Object] = []

    def add(self, reference: _native.Object) -> int:
        """Have the box hold an object; return by which number the pickle refers to it."""
        self.references.append(reference)
        return len(self.references) - 1

    def box(self, parts: Iterable[Any]) -> _native.Object:
        """Return the box of a pickle."""
        box = _native.List(self.arena, None, BOX_TAG)
        box.extend([b"".join(parts), *self.references])
        return box


def unbox(arena: _native.Arena, handle: tuple[int, int]) -> Any:
    """Return the value in a box."""
    pickled, *references = _native.List(arena, handle)[:]
    travel.boxed, outer = references, travel.boxed
    try:
        return codec_for("pickle").decode(memoryview(pickled))
    finally:
        travel.boxed = outer


def boxed(number: int) -> Any:
    """In a box's pickle: the object of that number."""
    return travel.boxed[number]
