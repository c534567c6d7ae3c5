"""Tuples with named fields, as ``typing.NamedTuple`` makes them, that are quick to define.

``NamedTuple`` compiles code for each class. A spawned server defines fifteen before it answers for the first time: a
seventh of what it did until then (instructions by callgrind).
"""

from __future__ import annotations

import operator
from typing import Any, ClassVar, Self, dataclass_transform

__all__ = ["Record"]


@dataclass_transform(frozen_default=True)
class Record(tuple[Any, ...]):
    """A tuple with a name for each item: those that a class annotates, in order; the last ones may have defaults.

    Raises:
        TypeError: A field is missing, unknown, or given twice.
    """

    __slots__ = ()
    _names: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[tuple[Any, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Make a property of each field."""
        cls._names = tuple(cls.__annotations__)
        cls._defaults = tuple([cls.__dict__[name] for name in cls._names if name in cls.__dict__])
        for index, name in enumerate(cls._names):
            setattr(cls, name, property(operator.itemgetter(index)))

    def __new__(cls, *items: Any, **named: Any) -> Self:
        """Make one of its fields, by position or by name."""
        missing = len(cls._names) - len(items)
        if named or not 0 <= missing <= len(cls._defaults):
            items = cls._completed(items, named)
        elif missing:
            items += cls._defaults[-missing:]
        return tuple.__new__(cls, items)

    @classmethod
    def _completed(cls, items: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if len(items) > len(cls._names):
            raise TypeError(f"{cls.__name__} has {len(cls._names)} fields, and got {len(items)}")
        names = cls._names[len(items) :]
        if unknown := named.keys() - set(names):
            raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}, or got it already")
        defaults = dict(zip(reversed(cls._names), reversed(cls._defaults), strict=False))
        if lacking := [name for name in names if name not in named and name not in defaults]:
            raise TypeError(f"{cls.__name__} lacks {', '.join(lacking)}")
        return (*items, *[named[name] if name in named else defaults[name] for name in names])

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        fields = ", ".join([f"{name}={item!r}" for name, item in zip(self._names, self, strict=True)])
        return f"{type(self).__name__}({fields})"
