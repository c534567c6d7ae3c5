"""Simple types that managers host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from manor._resident.typecodes import new_array

if TYPE_CHECKING:
    import array

__all__ = ["Array", "Namespace", "Value", "new_dict", "new_list", "new_set"]

new_dict, new_list, new_set = dict, list, set
"""The built-ins under names that tell the registry's own entries from those of a program."""

T = TypeVar("T")


class Namespace:
    """A plain object with attributes."""

    def __init__(self, /, **kwds: Any) -> None:
        self.__dict__.update(kwds)

    def __repr__(self) -> str:
        items = sorted(f"{name}={value!r}" for name, value in self.__dict__.items() if not name.startswith("_"))
        return f"{type(self).__name__}({', '.join(items)})"


class Value(Generic[T]):
    """One value; *typecode* and *lock* are taken for compatibility and do not restrict it."""

    def __init__(self, typecode: Any, value: T, lock: bool = True) -> None:
        self._typecode = typecode
        self._value = value

    def get(self) -> T:
        """Return the value."""
        return self._value

    def set(self, value: T) -> None:
        """Replace the value."""
        self._value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._typecode!r}, {self._value!r})"

    value: property = property(get, set)  # noqa: A003 - the method above, as the standard library has it


def Array(typecode: str, sequence: Iterable[Any], lock: bool = True) -> array.array[Any]:  # noqa: N802, ARG001 - the standard library's signature
    """Return an ``array.array``; *lock* is taken for compatibility."""
    return new_array(typecode, sequence)
