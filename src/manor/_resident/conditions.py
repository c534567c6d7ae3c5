"""``Condition`` in the arena."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from manor import _native
from manor._resident.deaths import tell
from manor._resident.locks import RAISES, tag_for
from manor._wire.notes import refuse_choice_beside_lock
from manor._wire.people import Holder, Waiter, holder_of, state_of, waiters_of
from manor.errors import NotPicklable

__all__ = ["Condition"]


class Condition(_native.Condition):
    """A lock, and a line of threads that wait to be notified."""

    __slots__ = ()
    _kind = "Condition"

    @classmethod
    def create(cls, arena: _native.Arena, lock: Any = None, *, on_owner_death: str | None = None) -> Self:
        """Make a condition.

        Args:
            arena: Where to make it.
            lock: A Lock or RLock in the same arena, to share; None for an RLock of its own.
            on_owner_death: As an RLock's; not with a lock, which has its own.

        Raises:
            TypeError: It is something else.
            ValueError: Both are given.
        """
        if lock is not None and (type(lock) is cls or not isinstance(lock, _native.Mutex) or lock._arena is not arena):
            raise TypeError(f"a condition takes a Lock or RLock of its own manager, not {lock!r}")
        refuse_choice_beside_lock(lock, on_owner_death)
        return cls(arena, None, tag_for(on_owner_death or "warn") if lock is None else lock._tag & RAISES, lock)

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
        tell(self, pid, raises=raises, leave=None if raises and not entering else self.release)

    def _waited_past_dead(self, pid: int) -> None:
        tell(self, pid, raises=bool(self._tag & RAISES), leave=None)  # a wait ends with the lock held

    def _getvalue(self) -> NoReturn:
        raise NotPicklable("a Condition cannot be copied")

    def __repr__(self) -> str:
        return f"<Condition, {state_of(self.holder)}, {len(self.waiters)} waiting>"
