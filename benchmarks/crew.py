"""Processes that work at the same time when they are told to, and the CPU time that they take together."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.subject import FORK

Work = Callable[[int], Any]  # do it n times; what it returns must be picklable


@dataclass(frozen=True)
class Spent:
    """What one run took of everybody: µs on the clock, µs of all processors, and what each process returned."""

    wall_us: float
    cpu_us: float
    returned: list[Any]


WALL, CPU = range(2)


def figure_of(spent: Spent, figure: int) -> float:
    """What a run took; *figure* is WALL or CPU."""
    return (spent.wall_us, spent.cpu_us)[figure]


def cpu_ns(pid: int) -> int:
    """What a process has used of the processors so far, threads that have ended included."""
    return time.clock_gettime_ns(((~pid) << 3) | 2)  # as clock_getcpuclockid() computes it


def server_of(manager: Any) -> int:
    """The process whose work counts too, when it takes part."""
    return int(manager._process.pid)


class Crew:
    """One process for each piece of work, and others whose CPU time counts."""

    def __init__(self, works: Sequence[Work], others: Sequence[int]) -> None:
        self._processes = []
        self._pipes = []
        for work in works:
            ours, theirs = FORK.Pipe()
            process = FORK.Process(target=_serve, args=(work, theirs), daemon=True)
            process.start()
            theirs.close()  # if the process dies, receiving from it is an error and no wait
            self._processes.append(process)
            self._pipes.append(ours)
        self._counted = [*(pipe.recv() for pipe in self._pipes), *others]

    def run(self, count: int) -> Spent:
        before = sum(map(cpu_ns, self._counted))
        started = time.perf_counter_ns()
        for pipe in self._pipes:
            pipe.send(count)
        returned = [pipe.recv() for pipe in self._pipes]
        elapsed = time.perf_counter_ns() - started
        used = sum(map(cpu_ns, self._counted)) - before
        return Spent(elapsed / 1_000, used / 1_000, returned)

    def end(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.kill()  # when one has failed, others may wait for it for ever
        for process in self._processes:
            process.join()


def _serve(work: Work, orders: Any) -> None:
    orders.send(os.getpid())
    while count := orders.recv():
        orders.send(work(count))


@contextmanager
def crew(works: Sequence[Work], others: Sequence[int] = ()) -> Iterator[Crew]:
    together = Crew(works, others)
    try:
        yield together
    finally:
        together.end()
