"""Reading and changing one value in one step, for proxies: an item of a hosted container, or a hosted ``Value``.

An object of the arena does this itself, exactly. For one of the server's own, whoever changes it in one step computes
from a value that was read before, then takes the object's lock, and stores the result if that value is still there;
otherwise begins again. So these operations are exact against each other. Against plain assignments, which take no lock:

- A ``list``, ``dict`` or ``Value`` is looked at and stored into between two points at which CPython may switch threads
  (it does so at calls, at the begin of functions, and when it jumps back), unless a key's ``__eq__`` or ``__hash__`` is
  written in Python, or the interpreter has no GIL. An assignment comes before or after, and is never lost.
- An object of any other class runs its own code in between. An assignment at the same moment may be lost.
"""

from __future__ import annotations

import operator
import threading
from typing import TYPE_CHECKING, Any, Final

from manor._resident.handles import id_of
from manor._resident.missing import MISSING
from manor._resident.replacing import replace_by, replace_if_equal
from manor._server.collections import Counter
from manor._server.types import Value
from manor._server.watches import note_change
from manor.errors import NotExposed

if TYPE_CHECKING:
    from manor._server.dispatch import Grantee
    from manor._server.objects import Hosted

__all__ = ["ATOMICS"]

_making_locks: Final = threading.Lock()


class _Seen:
    """A value that was read; it is the same as another if it is the same object."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Seen) and other.value is self.value


class _SeenAsCopy(_Seen):
    """A value that may be another object each time that it is read; NaN is the same as NaN."""

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Seen):
            return NotImplemented
        one, two = self.value, other.value
        return one is two or bool(one == two) or bool(one != one and two != two)  # noqa: PLR0124 - that is NaN


class _Item:
    """An item of a list or a dict."""

    def __init__(self, hosted: Hosted, key: Any) -> None:
        self._obj = hosted.obj
        self._key = key
        self._lock = _lock_of(hosted)

    def read(self) -> tuple[Any, _Seen]:
        """Return the item, or ``MISSING``, and its witness; raise ``IndexError`` for a list."""
        try:
            value = self._obj[self._key]
        except KeyError:
            value = MISSING
        return value, _Seen(value)

    def replace(self, seen: _Seen, new: Any) -> bool:
        """Store *new* if what was seen is still there; return whether it was."""
        obj, key, value = self._obj, self._key, seen.value
        with self._lock:  # no call and no loop from here to the assignments
            if value is MISSING:
                if key in obj:
                    return False
            else:
                try:
                    if obj[key] is not value:
                        return False
                except LookupError:
                    return False
            obj[key] = new
        return True


class _Variable:
    """The value of a ``Value``."""

    def __init__(self, hosted: Hosted) -> None:
        self._obj = hosted.obj
        self._lock = _lock_of(hosted)

    def read(self) -> tuple[Any, _Seen]:
        """Return the value and its witness."""
        value = self._obj._value
        return value, _Seen(value)

    def replace(self, seen: _Seen, new: Any) -> bool:
        """Store *new* if what was seen is still there; return whether it was."""
        obj, value = self._obj, seen.value
        with self._lock:  # no call and no loop from here to the assignment
            if obj._value is not value:
                return False
            obj._value = new
        return True


class _ForeignItem(_Item):
    """An item of a container of any other class."""

    def read(self) -> tuple[Any, _Seen]:
        """Return the item, or ``MISSING``, and its witness."""
        value = MISSING
        if not isinstance(self._obj, dict) or self._key in self._obj:  # a defaultdict would make it
            value = super().read()[0]
        return value, _SeenAsCopy(value)

    def replace(self, seen: _Seen, new: Any) -> bool:
        """Store *new* if what was seen is still there; return whether it was."""
        with self._lock:
            try:
                if self.read()[1] != seen:
                    return False
            except IndexError:
                return False
            self._obj[self._key] = new
        return True


class _ForeignVariable(_Variable):
    """The value of an object of any other class that has ``get`` and ``set``."""

    def read(self) -> tuple[Any, _Seen]:
        """Return the value and its witness."""
        value = self._obj.get()
        return value, _SeenAsCopy(value)

    def replace(self, seen: _Seen, new: Any) -> bool:
        """Store *new* if what was seen is still there; return whether it was."""
        with self._lock:
            if self.read()[1] != seen:
                return False
            self._obj.set(new)
        return True


class _ArenaValue:
    """An item of a container in the arena, or the value of a ``Value`` there."""

    def __init__(self, face: Any, where: tuple[Any, ...]) -> None:
        self._face = face
        self._where = where

    def read(self) -> tuple[Any, Any]:
        """Return the value, or ``MISSING``, and its witness; raise ``IndexError`` for a list."""
        found: tuple[Any, Any] | None = self._face._witness(*self._where)
        if found is None and self._face._typeid == "list":
            raise IndexError("list index out of range")
        return (MISSING, None) if found is None else found

    def replace(self, seen: Any, new: Any) -> bool:
        """Store *new* if what was seen is still there; return whether it was."""
        return bool(self._face._replace(*self._where, seen, new))


_Place = _Item | _Variable | _ArenaValue


class _Reading:
    """What a client computes from; it is hosted until the client has stored the result, or given up."""

    def __init__(self, hosted: Hosted, place: _Place, witness: Any) -> None:
        self._hosted = hosted
        self._place = place
        self._witness = witness

    def is_current(self) -> bool:
        """Whether what was read is still there."""
        return bool(self._place.read()[1] == self._witness)

    def update_with(self, new: Any) -> bool:
        """Store *new* if what was read is still there; return whether it was."""
        is_replaced = self._place.replace(self._witness, new)
        if is_replaced and self._hosted.changes is not None:
            note_change(self._hosted, "update_with")
        return is_replaced


def _lock_of(hosted: Hosted) -> Any:
    if hosted.lock is None:
        with _making_locks:
            if hosted.lock is None:
                own = hosted.obj.step_lock if isinstance(hosted.obj, Counter) else None
                hosted.lock = (
                    own or threading.RLock()
                )  # code of the object's own that it runs under may call it in turn
    return hosted.lock


def _place(hosted: Hosted, where: tuple[Any, ...]) -> _Place:
    kind = type(hosted.obj)
    if where:
        if kind is list:
            return _Item(hosted, operator.index(where[0]))
        return _Item(hosted, where[0]) if kind is dict else _ForeignItem(hosted, where[0])
    return _Variable(hosted) if kind is Value else _ForeignVariable(hosted)


def _face(hosted: Hosted) -> Any:
    """Return the object if it is one of the arena that has the methods itself, otherwise None."""
    if id_of(hosted.obj) is None:
        return None
    if getattr(type(hosted.obj), "compare_and_set", None) is None:
        raise NotExposed(f"{hosted.typeid!r} has nothing that is changed in one step")
    return hosted.obj


def _add(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> Any:
    """Add to what is there, or to a default if one comes along; return the sum."""
    where, amount, *default = args
    face = _face(hosted)
    if face is not None:
        return face.add(*where, amount, *default)
    place = _place(hosted, where)

    def read() -> tuple[Any, Any]:
        value, witness = place.read()
        if value is not MISSING:
            return value, witness
        if not default:
            raise KeyError(*where)
        return default[0], witness

    return replace_by(lambda value: value + amount, read, place.replace)


def _compare_and_set(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> bool:
    where, expected, new = args
    face = _face(hosted)
    if face is not None:
        return bool(face.compare_and_set(*where, expected, new))
    place = _place(hosted, where)
    return replace_if_equal(expected, new, place.read, place.replace)


def _read(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> tuple[bool, Any, str]:
    """Return whether there is a value, that value, and the id of a reading, to store what is computed from it."""
    face = _face(hosted)
    place = _place(hosted, args) if face is None else _ArenaValue(face, args)
    value, witness = place.read()
    reading = grantee.grant_new(_Reading(hosted, place, witness), "Reading", ("is_current", "update_with"))
    found = value is not MISSING
    return found, value if found else None, reading


_ITEM: Final = ("__getitem__", "__setitem__")
_VALUE: Final = ("get", "set")

ATOMICS: Final = {
    "#ITEM_ADD": (_add, _ITEM),
    "#ITEM_COMPARE_AND_SET": (_compare_and_set, _ITEM),
    "#ITEM_READ": (_read, _ITEM),
    "#VALUE_ADD": (_add, _VALUE),
    "#VALUE_COMPARE_AND_SET": (_compare_and_set, _VALUE),
    "#VALUE_READ": (_read, _VALUE),
}
"""Each with the exposed methods without which it is refused. Where an item is comes first: ``(key,)``, or ``()``."""
