"""Watching hosted objects: whoever waits for a change is told after each call that may have made one.

An object of the arena tells that itself. What the server's own code does to an object, other than by calls, is not
noticed.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any, Final

from manor._resident.handles import id_of
from manor._resident.watching import Watch
from manor._server.waiting import nobody, wait_until

if TYPE_CHECKING:
    from manor._server.dispatch import Grantee
    from manor._server.objects import Hosted

__all__ = ["WATCHES", "note_change"]

_READING: Final = frozenset(
    (
        "#CHUNK", "#GETVALUE", "#ITEM_READ", "#ITER", "#VALUE_READ", "#WATCH", "__add__", "__and__", "__contains__",
        "__eq__", "__ge__", "__getattribute__", "__getitem__", "__gt__", "__iter__", "__le__", "__len__", "__lt__",
        "__mul__", "__or__", "__rand__", "__repr__", "__reversed__", "__rmul__", "__ror__", "__rsub__", "__rxor__",
        "__str__", "__sub__", "__xor__", "copy", "count", "difference", "fromkeys", "get", "index", "intersection",
        "isdisjoint", "issubset", "issuperset", "items", "keys", "symmetric_difference", "union", "values",
    )
)  # fmt: skip
"""What changes nothing. Were it taken for a change, two whose predicates read would wake each other for ever."""


class Changes:
    """Counts the changes of one hosted object, as long as somebody watches it."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.count = 0

    def note(self) -> None:
        """There was another change."""
        with self.changed:
            self.count += 1
            self.changed.notify_all()


class _ServedWatch:
    """Watches an object of the server's own for one client."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._seen = changes.count

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a change since the watch began, or the last one was told; False if there is none in time."""
        changes = self._changes
        with changes.changed:
            is_changed = wait_until(changes.changed, lambda: changes.count != self._seen, timeout, nobody)
            self._seen = changes.count
        return is_changed


_beginning: Final = threading.Lock()


def _changes_of(hosted: Hosted) -> Changes:
    with _beginning:
        found = None if hosted.changes is None else hosted.changes()
        if found is None:
            found = Changes()
            hosted.changes = weakref.ref(found)
        return found


def note_change(hosted: Hosted, method: str) -> None:
    """Tell those who watch *hosted* that *method* was called, if it may have changed something."""
    changes = None if hosted.changes is None else hosted.changes()
    if changes is not None and method not in _READING:
        changes.note()


def _watch(grantee: Grantee, hosted: Hosted, args: tuple[Any, ...]) -> str:  # noqa: ARG001 - as all of its kind
    """Begin to watch an object for the caller; return the id of the watch."""
    if id_of(hosted.obj) is None:
        watch: Any = _ServedWatch(_changes_of(hosted))
    else:
        from manor._server.adapters.residents import as_deputy  # slow to load, and few watch by the server

        watch = as_deputy(hosted.obj._arena, Watch, hosted.obj)
    return grantee.grant_new(watch, "Watch", ("wait",))


WATCHES: Final = {"#WATCH": (_watch, ())}
"""With the exposed methods without which it is refused."""
