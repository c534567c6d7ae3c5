"""``Lock`` and ``RLock`` in the arena."""

from __future__ import annotations

from typing import ClassVar, Final, NoReturn, Self

from manor import _native
from manor._resident.deaths import tell
from manor._wire.notes import is_to_raise
from manor._wire.people import Holder, Waiter, holder_of, state_of, waiters_of
from manor.errors import NotPicklable

__all__ = ["RAISES", "Lock", "RLock", "tag_for"]

RAISES: Final = 1
"""In a tag: a lock that was a killed process's raises ``OwnerDied``."""


def tag_for(on_owner_death: str) -> int:
    """Return the tag for what users call ``"warn"`` or ``"raise"``."""
    return RAISES if is_to_raise(on_owner_death) else 0


class _Mutex(_native.Mutex):
    """What both have in common."""

    __slots__ = ()
    _kind: ClassVar[str]
    _is_reentrant: ClassVar[bool]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _native.own_methods(cls, "acquire", "release", "__enter__", "__exit__")

    def __new__(cls, arena: _native.Arena, handle: tuple[int, int] | None = None, tag: int = 0) -> Self:
        """A new one, or that of a handle."""
        return super().__new__(cls, arena, handle, tag, cls._is_reentrant)

    @classmethod
    def create(cls, arena: _native.Arena, *, on_owner_death: str = "warn") -> Self:
        """Make a lock that nobody holds."""
        return cls(arena, None, tag_for(on_owner_death))

    @property
    def holder(self) -> Holder | None:
        """The thread that holds it, or None."""
        return holder_of(self._holder())

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for it, in the order in which they will get it."""
        return waiters_of(self._waiters())

    def _took_from_dead(self, pid: int, entering: bool) -> None:
        raises = bool(self._tag & RAISES)
        leave = None if raises and not entering else self.release
        tell(self, pid, raises=raises, leave=leave)

    def _getvalue(self) -> NoReturn:
        raise NotPicklable(f"a {self._kind} cannot be copied")

    def __repr__(self) -> str:
        return f"<{self._kind}, {state_of(self.holder)}, {len(self.waiters)} waiting>"


class Lock(_Mutex):
    """A lock that any thread may release."""

    __slots__ = ()
    _kind = "Lock"
    _is_reentrant = False


class RLock(_Mutex):
    """A lock that its holder may acquire again."""

    __slots__ = ()
    _kind = "RLock"
    _is_reentrant = True
