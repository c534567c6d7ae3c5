"""``Condition`` in the arena, and which of those that are asked for can be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn, Self

from manor import _native
from manor._resident.deaths import tell
from manor._resident.locks import RAISES
from manor._resident.tags import factory_number
from manor._wire.people import Holder, Waiter, holder_of, state_of, waiters_of
from manor.errors import NotPicklable

__all__ = ["Condition", "can_be_resident"]


SERVED: Final = frozenset(("ChainMap", "OrderedDict"))
"""Types that the server hosts, wherever the others live."""


class Condition(_native.Condition):
    """A lock, and a line of threads that wait to be notified."""

    __slots__ = ()

    @classmethod
    def create(cls, arena: _native.Arena, lock: Any = None) -> Self:
        """Make a condition.

        Args:
            arena: Where to make it.
            lock: A Lock or RLock in the same arena, to share; None for an RLock of its own.

        Raises:
            TypeError: It is something else.
        """
        if lock is not None and (type(lock) is cls or not isinstance(lock, _native.Mutex) or lock._arena is not arena):
            raise TypeError(f"a condition takes a Lock or RLock of its own manager, not {lock!r}")
        return cls(arena, None, 0 if lock is None else lock._tag & RAISES, lock)

    @property
    def holder(self) -> Holder | None:
        """The thread that holds the lock, or None."""
        return holder_of(self._holder())

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait to be notified, in the order in which they will be."""
        return waiters_of(self._sleepers())

    def _took_from_dead(self, pid: int, entering: bool) -> None:
        raises = bool(self._tag & RAISES)
        tell(
            "Condition", pid, self._dead_site(), raises=raises, leave=None if raises and not entering else self.release
        )

    def _waited_past_dead(self, pid: int) -> None:
        tell(
            "Condition", pid, self._dead_site(), raises=bool(self._tag & RAISES), leave=None
        )  # a wait ends with the lock held

    def _getvalue(self) -> NoReturn:
        raise NotPicklable("a Condition cannot be copied")

    def __repr__(self) -> str:
        return f"<Condition, {state_of(self.holder)}, {len(self.waiters)} waiting>"


def can_be_resident(typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> bool:
    """Whether what these arguments ask for is for the arena: not an action, nor what uses a lock that is elsewhere."""
    if typeid == "Barrier":
        parties = args[0] if args else kwds.get("parties", 1)
        action = args[1] if len(args) > 1 else kwds.get("action")
        return action is None and isinstance(parties, int)  # what else threading takes, it takes in the server
    if typeid == "Condition":
        lock = args[0] if args else kwds.get("lock")
        return lock is None or isinstance(lock, _native.Mutex)
    if typeid == "deque":  # one with a bound drops at one end what comes at the other: two changes in one step
        return len(args) < 2 and "maxlen" not in kwds
    if typeid == "defaultdict":
        return factory_number(args[0] if args else None) is not None
    return typeid not in SERVED
