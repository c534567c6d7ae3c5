"""``Semaphore`` and ``BoundedSemaphore`` in the arena."""

from __future__ import annotations

from typing import ClassVar, NoReturn, Self

from manor import _native
from manor._resident.deaths import tell
from manor._resident.locks import RAISES, tag_for
from manor._wire.people import Waiter, waiters_of
from manor.errors import NotPicklable

__all__ = ["BoundedSemaphore", "Semaphore"]


class _Counter(_native.Semaphore):
    """What both have in common."""

    __slots__ = ()
    _kind: ClassVar[str]
    _is_bounded: ClassVar[bool]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _native.own_methods(cls, "acquire", "release", "__enter__", "__exit__")

    def __new__(
        cls,
        arena: _native.Arena,
        handle: tuple[int, int] | None = None,
        tag: int = 0,
        value: int = 1,
        records_all: bool = False,
    ) -> Self:
        """A new one, or that of a handle."""
        return super().__new__(cls, arena, handle, tag, cls._is_bounded, value, records_all)

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that wait for a permit, in the order in which they will get one."""
        return waiters_of(self._waiters())

    def _took_from_dead(self, pid: int, entering: bool) -> None:
        raises = bool(self._tag & RAISES)
        tell(self, pid, raises=raises, leave=self.__exit__ if entering else None if raises else self.release)

    def _getvalue(self) -> NoReturn:
        raise NotPicklable(f"a {self._kind} cannot be copied")

    def __repr__(self) -> str:
        return f"<{self._kind}, value {self._count()}, {len(self.waiters)} waiting>"


def _checked(value: int) -> int:
    if value < 0:
        raise ValueError("semaphore initial value must be >= 0")
    return value


class Semaphore(_Counter):
    """A counter of permits: a limit on how many at once, or a count of signals."""

    __slots__ = ()
    _kind = "Semaphore"
    _is_bounded = False

    @classmethod
    def create(
        cls, arena: _native.Arena, value: int = 1, *, release_on_death: bool = False, on_owner_death: str = "warn"
    ) -> Self:
        """Make a semaphore with *value* permits.

        Args:
            arena: Where to make it.
            value: How many permits there are at first.
            release_on_death: Give permits that a thread took with ``acquire`` back when it is killed. By default only
                those that it took with a with statement are: others may be signals, that nobody is to release.
            on_owner_death: ``"raise"`` has the next one that takes a permit after that get ``OwnerDied``.
        """
        return cls(arena, None, tag_for(on_owner_death), _checked(value), bool(release_on_death))


class BoundedSemaphore(_Counter):
    """A semaphore that holds no more permits than it was made with; those of a process that is killed come back."""

    __slots__ = ()
    _kind = "BoundedSemaphore"
    _is_bounded = True

    @classmethod
    def create(cls, arena: _native.Arena, value: int = 1, *, on_owner_death: str = "warn") -> Self:
        """Make a semaphore with *value* permits."""
        return cls(arena, None, tag_for(on_owner_death), _checked(value))
