"""``Value`` and ``Namespace``: one value, and named ones, in the arena."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from manor import _native
from manor._resident.replacing import replace_by, replace_if_equal
from manor._resident.tags import TYPE_BITS

__all__ = ["Namespace", "Value"]


class Value(_native.Variable):
    """One value that every process attached to the arena reads and writes directly."""

    __slots__ = ()

    @classmethod
    def create(  # the standard library's signature
        cls,
        arena: _native.Arena,
        typecode: Any,
        value: Any,
        lock: bool = True,  # noqa: ARG003
        *,
        deep: int = 0,
    ) -> Self:
        """Make a value.

        Args:
            arena: Where to make it.
            typecode: Taken for compatibility; it does not restrict the value.
            value: The value.
            lock: Taken for compatibility.
            deep: A bit of the tag.
        """
        tag = ord(typecode) if isinstance(typecode, str) and len(typecode) == 1 else 0
        self = cls(arena, None, tag | deep)
        self.set(value)
        return self

    def __repr__(self) -> str:
        tag = self._tag & TYPE_BITS
        typecode = repr(chr(tag)) if tag else "..."  # only a single character is kept
        return f"Value({typecode}, {self.get()!r})"

    def add(self, amount: Any = 1, /) -> Any:
        """Add *amount* in one step, and return the sum.

        Raises:
            TypeError: The two cannot be added.
        """
        if type(amount) is int:
            try:
                return self._add(amount)
            except (TypeError, OverflowError):  # the value, or the sum, is no int of 64 bits
                pass
        return self.update_with(lambda value: value + amount)

    def update_with(self, function: Callable[[Any], Any], /) -> Any:
        """Replace the value by what *function* makes of it, in one step, and return the new one.

        No lock is held while *function* runs. If the value was changed meanwhile, *function* runs again, with the
        new value: it should do nothing but compute.

        Raises:
            RuntimeError: *function* itself changes the value, each time.
        """
        return replace_by(function, self._witness, self._replace)

    def compare_and_set(self, expected: Any, new: Any, /) -> bool:
        """Set the value to *new* if it equals *expected*, in one step; return whether it did.

        The comparison may run again if the value was changed meanwhile.
        """
        return replace_if_equal(expected, new, self._witness, self._replace)


class Namespace(_native.Namespace):
    """Attributes that every process attached to the arena reads and writes directly.

    Names that begin with an underscore are the Python object's own.
    """

    __slots__ = ()

    def _attributes(self) -> dict[str, Any]:
        """The attributes at one moment."""
        return dict(self._items())

    def __repr__(self) -> str:
        items = sorted(f"{name}={value!r}" for name, value in self._attributes().items() if not name.startswith("_"))
        return f"Namespace({', '.join(items)})"
