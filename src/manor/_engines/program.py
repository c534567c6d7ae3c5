"""What a server runs of its owner's: the registry and the initializer, as they travel to its process."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from manor._codec.codec import codec_for
from manor._wire.references import Reference

__all__ = ["PackedInitializer", "PackedRegistry", "Program", "main_left_alone"]

_DUMPS_PARTS: Final = Reference("manor._codec.by_value", "dumps_parts")
"""Not for the server's process."""


class Program:
    """Registry and initializer; a forked process has them as they are, another one gets pickles.

    They are unpickled only where a failure can be reported, and the initializer runs before the registry is.
    """

    def __init__(
        self, registry: Mapping[str, Any], initializer: Callable[..., object] | None, initargs: tuple[Any, ...]
    ) -> None:
        self._parts: Sequence[Any] = ((initializer, initargs), registry)
        self._pickles: list[bytes] = []

    @classmethod
    def _received(cls, pickles: list[bytes]) -> Program:
        program = cls({}, None, ())
        program._parts, program._pickles = (), pickles
        return program

    def __reduce__(self) -> tuple[Any, ...]:
        names = ("the initializer or its arguments", "what is registered")
        return Program._received, (_DUMPS_PARTS(list(zip(names, self._parts, strict=True))),)

    def part(self, number: int) -> Any:
        """Return a part: 0 is the initializer with its arguments, 1 the registry."""
        if not self._parts and len(self._pickles) == 1:
            self._parts = _decoded(self._pickles[0])
        return self._parts[number] if self._parts else _decoded(self._pickles[number])


def _decoded(data: bytes) -> Any:
    return codec_for("pickle").decode(memoryview(data))


class PackedRegistry:
    """The registry of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def unpacked(self) -> Mapping[str, Any]:
        """Return the registry."""
        registry: Mapping[str, Any] = self._program.part(1)
        return registry


class PackedInitializer:
    """The initializer of a program, which knows its arguments."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self) -> None:
        initializer, initargs = self._program.part(0)
        initializer(*initargs)


@contextlib.contextmanager
def main_left_alone() -> Iterator[None]:
    """Keep a process that is started inside from importing a ``__main__`` that is no file, as of ``python < file``."""
    main: Any = sys.modules["__main__"]
    path = getattr(main, "__file__", None)
    if path is None or os.path.exists(path):
        yield
        return
    del main.__file__
    try:
        yield
    finally:
        main.__file__ = path
