"""``Dict``: a dict in the arena."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from manor import _native
from manor._resident.missing import MISSING
from manor._resident.plain import is_same, plain
from manor._resident.replacing import replace_by, replace_if_equal
from manor._resident.tags import DEEP
from manor.errors import NotPicklable

__all__ = ["Dict"]

_KEYS, _BACKWARDS = 0, True


class Dict(_native.Dict):
    """A dict that every process attached to the arena works on directly.

    What would be a view or a dict is a plain list or dict: a copy, taken at one moment.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return self._walk(_KEYS, not _BACKWARDS)

    def __reversed__(self) -> Iterator[Any]:
        return self._walk(_KEYS, _BACKWARDS)

    def __repr__(self) -> str:
        return repr(self._getvalue())

    def _getvalue(self) -> dict[Any, Any]:
        return dict(self.items())

    def copy(self) -> dict[Any, Any]:
        """Return a copy, as a plain dict."""
        return self._getvalue()

    @staticmethod
    def fromkeys(keys: Iterable[Any], value: Any = None, /) -> dict[Any, Any]:
        """Return a plain dict with *keys*, all with the same *value*."""
        return dict.fromkeys(keys, value)

    def __or__(self, other: Any, /) -> dict[Any, Any]:
        other = plain(other)
        return self._getvalue() | other if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any, /) -> dict[Any, Any]:
        other = plain(other)
        return other | self._getvalue() if isinstance(other, dict) else NotImplemented

    def __ior__(self, other: Any, /) -> Self:
        self._set_all(other)
        return self

    def update(self, /, *others: Any, **items: Any) -> None:
        """Set every item of a mapping or of an iterable of pairs, and of the keywords, one after the other."""
        if len(others) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(others)}")
        for other in others:
            self._set_all(other)
        for key, value in self._to_store(items.items()):
            try:
                self[key] = value
            except NotPicklable as error:
                raise NotPicklable(f"argument {key!r} of dict.update(): {error}") from error.__cause__

    def _set_all(self, other: Any) -> None:
        if is_same(self, other):
            return  # what is read now would be written over what others write meanwhile
        other = plain(other)
        if isinstance(other, dict):
            pairs: Iterable[tuple[Any, Any]] = other.items()
        elif hasattr(other, "keys"):
            pairs = ((key, other[key]) for key in other.keys())  # noqa: SIM118 - `keys` makes it a mapping
        else:
            pairs = _pairs(other)
        for key, value in self._to_store(pairs):
            self[key] = value

    def _to_store(self, pairs: Iterable[tuple[Any, Any]]) -> Iterable[tuple[Any, Any]]:
        """Return what to store for items: in a deep dict, what one plain object is in several becomes one object."""
        if not self._tag & DEEP:
            return pairs
        pairs = list(pairs)
        shared = self._arena.hooks.share_all([value for _, value in pairs])
        return zip([key for key, _ in pairs], shared, strict=True)

    def _add_any(self, key: Any, amount: Any, default: Any) -> Any:
        """Do what ``add`` does, with any values."""
        return self.update_with(key, lambda value: value + amount, default=default)

    def update_with(self, key: Any, function: Callable[[Any], Any], /, *, default: Any = MISSING) -> Any:
        """Replace the value of *key* by what *function* makes of it, in one step, and return the new one.

        No lock is held while *function* runs. If the value was changed meanwhile, *function* runs again, with the
        new value: it should do nothing but compute.

        Args:
            key: Which value.
            function: Gets the value, and returns the new one.
            default: What *function* gets when *key* is missing.

        Raises:
            KeyError: *key* is missing, and there is no *default*.
            RuntimeError: *function* itself changes the value, each time.
        """
        return replace_by(function, lambda: self._read(key, default), lambda seen, new: self._replace(key, seen, new))

    def compare_and_set(self, key: Any, expected: Any, new: Any, /) -> bool:
        """Set *key* to *new* if its value equals *expected*, in one step; return whether it did.

        *expected* may be ``MISSING``: set *key* only if it is not there.
        The comparison may run again if the value was changed meanwhile.
        """
        return replace_if_equal(
            expected,
            new,
            lambda: self._witness(key) or (MISSING, None),
            lambda seen, new: self._replace(key, seen, new),
        )

    def _read(self, key: Any, default: Any) -> tuple[Any, _native.Witness | None]:
        found = self._witness(key)
        if found is not None:
            return found
        if default is MISSING:
            raise KeyError(key)
        return default, None


def _pairs(values: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the items of an iterable of pairs; raise what the built-in raises for anything else."""
    for at, pair in enumerate(values):
        try:
            both = list(pair)
        except TypeError:
            raise TypeError(f"cannot convert dictionary update sequence element #{at} to a sequence") from None
        if len(both) != 2:
            raise ValueError(f"dictionary update sequence element #{at} has length {len(both)}; 2 is required")
        yield both[0], both[1]
