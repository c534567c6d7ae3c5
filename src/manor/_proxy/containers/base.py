"""What the proxies of containers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from manor._proxy.watching import WatchableProxy

__all__ = ["ComparableProxy", "ContainerProxy", "plain"]


def plain(value: Any) -> Any:
    """Return a copy of the hosted object when *value* is a container proxy, otherwise *value* itself."""
    return value._getvalue() if isinstance(value, ContainerProxy) else value


class ContainerProxy(WatchableProxy):
    """Compares by value, hashes by the identity of the hosted object."""

    _like_: ClassVar[tuple[type, ...]] = ()
    """The built-in types that it may equal."""

    def _is_same(self, other: object) -> bool:
        return isinstance(other, ContainerProxy) and (other._ident, other._link.server) == (
            self._ident,
            self._link.server,
        )

    def __eq__(self, other: object) -> bool:
        if self._is_same(other):
            return True
        other = plain(other)
        if not isinstance(other, self._like_):
            return NotImplemented
        return bool(self._getvalue() == other)

    def __hash__(self) -> int:
        return hash((self._link.server, self._ident))


class ComparableProxy(ContainerProxy):
    """Has an order among those that it may equal."""

    def _compare(self, other: object, compare: Callable[[Any, Any], bool]) -> bool:
        other = plain(other)
        return compare(self._getvalue(), other) if isinstance(other, self._like_) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._compare(other, lambda mine, theirs: mine < theirs)

    def __le__(self, other: object) -> bool:
        return self._compare(other, lambda mine, theirs: mine <= theirs)

    def __gt__(self, other: object) -> bool:
        return self._compare(other, lambda mine, theirs: mine > theirs)

    def __ge__(self, other: object) -> bool:
        return self._compare(other, lambda mine, theirs: mine >= theirs)
