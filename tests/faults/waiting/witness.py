"""Numbers that a lock guards, and that tell when it did not: by who is inside, and by sums that do not come out."""

import contextlib
import os
import re
import time
import warnings
from collections.abc import Iterator

import pytest

from manor import OwnerDiedWarning
from tests.conformance.subjects import MANOR_FORK, MANOR_SERVED, MANOR_TCP
from tests.faults.arena.victims import Tally

__all__ = ["EACH_HOME", "TWO_HOMES", "Guarded", "dawdle", "deaths"]

EACH_HOME = [pytest.param(home, id=home.name) for home in (MANOR_FORK, MANOR_SERVED, MANOR_TCP)]
TWO_HOMES = EACH_HOME[:2]
INSIDE, FIRST, SECOND, DOOMED = range(4)  # from DOOMED on: how many, and their pids
LENGTH = 1 << 13


@contextlib.contextmanager
def deaths() -> Iterator[list[str]]:
    """What warnings say of owners that died, as they come."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", OwnerDiedWarning)
        told: list[str] = []
        warnings.showwarning = lambda message, *_, **__: told.append(str(message))
        yield told


def dawdle(microseconds: int) -> None:
    """Take time and a processor, so that kills hit here."""
    end = time.perf_counter_ns() + microseconds * 1_000
    while time.perf_counter_ns() < end:
        pass


class Guarded:
    """Two counters that are equal whenever nobody is inside, and the pid of who is; shared with forked children."""

    def __init__(self) -> None:
        self._numbers = Tally(LENGTH)

    @property
    def count(self) -> int:
        """How often somebody was inside."""
        return self._numbers[FIRST]

    def doom(self, pid: int) -> None:
        """Announce that a process is to be killed: only then may it be missing, and what it did be half done."""
        self._numbers[DOOMED] += 1
        self._numbers[DOOMED + self._numbers[DOOMED]] = pid

    def is_doomed(self, pid: int) -> bool:
        numbers = self._numbers
        return any(numbers[DOOMED + at] == pid for at in range(numbers[DOOMED], 0, -1))

    def visit(self, told: list[str], microseconds: int) -> None:
        """Be inside for a while; *told* is what was said of dead owners when this process came in."""
        numbers, me = self._numbers, os.getpid()
        found = numbers[INSIDE]
        numbers[INSIDE] = me
        if told:
            named = map(int, re.findall(r"process (\d+)", told[-1]))
            assert any(map(self.is_doomed, named)), f"nobody killed the process of: {told[-1]}"
            assert found == 0 or self.is_doomed(found), f"{found} is inside and lives; {told[-1]}"
            numbers[SECOND] = numbers[FIRST]
        else:
            assert found == 0, f"{found} is inside, too"
        count = numbers[FIRST]
        assert numbers[SECOND] == count, "half changed, and nobody has died"
        numbers[FIRST] = count + 1
        dawdle(microseconds)
        assert numbers[INSIDE] == me, f"{numbers[INSIDE]} came in, too"
        numbers[SECOND] = count + 1
        assert numbers[FIRST] == count + 1, f"{numbers[INSIDE]} changed it, too"
        numbers[INSIDE] = 0
