"""One row of the table: a question, how it is measured, and what must come out."""

import gc
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from benchmarks.subject import Subject

NOT_SLOWER = 0.95

Sampler = Callable[[int], list[float]]  # do it n times; return the µs that each took
Opener = Callable[[Subject], AbstractContextManager[Sampler]]


@dataclass(frozen=True)
class Row:
    """A question; `bar` is the least ratio of the medians, standard library to manor."""

    name: str
    opened: Opener
    calls: int  # in a round
    bar: float = NOT_SLOWER
    heavy: bool = False  # left out of the quick run


@dataclass(frozen=True)
class Sample:
    """What one side took, in µs."""

    median_us: float
    p99_us: float
    count: int


@dataclass(frozen=True)
class Measured:
    """A row with its figures."""

    row: Row
    standard: Sample
    subject: Sample

    @property
    def ratio(self) -> float:
        return self.standard.median_us / self.subject.median_us

    @property
    def met(self) -> bool:
        return self.ratio >= self.row.bar


def each(operation: Callable[[], object]) -> Sampler:
    """Time an operation, call by call."""

    def sample(calls: int) -> list[float]:
        clock = time.perf_counter_ns
        times = []
        for _ in range(calls):
            started = clock()
            operation()
            times.append((clock() - started) / 1_000)
        return times

    return sample


def summary(times: list[float]) -> Sample:
    ordered = sorted(times)
    return Sample(statistics.median(ordered), ordered[int(len(ordered) * 0.99)], len(ordered))


def measure(row: Row, standard: Subject, subject: Subject, rounds: int, calls: int) -> Measured:
    """Measure both sides in turn, round by round, the first one changing."""
    times: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        samplers = [stack.enter_context(row.opened(side)) for side in (standard, subject)]
        for sampler in samplers:
            sampler(min(calls, 20))  # connections, caches
        for turn in range(rounds):
            for side in (0, 1) if turn % 2 == 0 else (1, 0):
                times[side].extend(undisturbed(samplers[side], calls))
    return Measured(row, summary(times[0]), summary(times[1]))


def undisturbed(sampler: Sampler, calls: int) -> list[float]:
    gc.collect()
    gc.disable()
    try:
        return sampler(calls)
    finally:
        gc.enable()
