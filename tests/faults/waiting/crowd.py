"""Several processes that do the same, of which one after the other is killed and another one comes."""

import random
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.faults.arena.victims import Tally, Victim, seeded

__all__ = ["Crowd"]

AT_ONCE = 3

Visit = Callable[..., object]  # of a tally, random numbers, and what else it is given


class Crowd:
    """Processes that do `visit(tally, rng, *args)` again and again; leaving kills those that are left.

    Attributes:
        killed: How many have been killed.
        done: What those counted in `tally[1]`.
    """

    def __init__(
        self, rng: random.Random, visit: Visit, *args: Any, doom: Callable[[int], object] | None = None
    ) -> None:
        """*doom* is told the pid of each before it is killed."""
        self._rng = rng
        self._visit, self._args = visit, args
        self._doom = doom
        self._victims: list[Victim] = []
        self.killed = 0
        self.done = 0

    def kill_one(self) -> None:
        """Let another one come, and kill one of those that were there."""
        self._come()
        self._kill(self._victims.pop(self._rng.randrange(AT_ONCE)))

    def _come(self) -> None:
        self._victims.append(Victim(_for_ever, self._rng.getrandbits(32), self._visit, *self._args))

    def _kill(self, victim: Victim) -> None:
        with victim:
            if self._doom is not None:
                self._doom(victim.pid)
            victim.kill_at_random(self._rng)
        self.killed += 1
        self.done += victim.tally[1]

    def __enter__(self) -> Self:
        for _ in range(AT_ONCE):
            self._come()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        while self._victims:
            victim = self._victims.pop()
            if kind is None:
                self._kill(victim)
            else:
                with victim:
                    victim.kill()


def _for_ever(tally: Tally, seed: int, visit: Visit, *args: Any) -> None:
    rng = seeded(seed)
    while True:
        visit(tally, rng, *args)
