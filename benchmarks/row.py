"""One row of the table: a question, how it is measured, and what must come out."""

import gc
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field

from benchmarks.subject import Subject

NOT_SLOWER = 0.95
ANY = 0.0

Sampler = Callable[[int], list[float]]  # do it n times; return the µs that each took
Opener = Callable[[Subject], AbstractContextManager[Sampler]]


@dataclass(frozen=True)
class Peer:
    """What else is measured beside manor; `at_most` is the largest multiple of its median that manor's may be."""

    name: str
    opened: Opener
    at_most: float | None = None


@dataclass(frozen=True)
class Row:
    """A question; `bar` is the least ratio of the medians, standard library to manor."""

    name: str
    opened: Opener
    calls: int  # in a round
    bar: float = NOT_SLOWER
    heavy: bool = False  # left out of the quick run
    peers: tuple[Peer, ...] = ()
    unit: str = "µs"
    median_max: float | None = None  # of manor, in that unit
    worst_max: float | None = None  # as above
    standard: bool = True  # whether the standard library is measured, too
    note: str = ""
    turns: int = 1  # so many times as many rounds, where the machine's own speed changes from second to second
    there: Callable[[], bool] = lambda: True  # whether manor has what the row is about


@dataclass(frozen=True)
class Sample:
    """What one side took, in µs or in the row's unit."""

    median_us: float
    p99_us: float
    count: int
    worst_us: float = 0.0


@dataclass(frozen=True)
class Measured:
    """A row with its figures; peers that could not be measured are missing, and the notes say why."""

    row: Row
    standard: Sample | None
    subject: Sample
    peers: dict[str, Sample] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        return None if self.standard is None else self.standard.median_us / self.subject.median_us

    def multiple(self, peer: Peer) -> float:
        """How many times a peer's median manor takes."""
        return self.subject.median_us / self.peers[peer.name].median_us

    @property
    def bars(self) -> dict[str, bool]:
        """Every bar of the row, and whether it is met."""
        found = {}
        if self.ratio is not None and self.row.bar > ANY:
            found[f"≥ {self.row.bar:g} × the standard library's speed"] = self.ratio >= self.row.bar
        for peer in self.row.peers:
            if peer.at_most is not None and peer.name in self.peers:
                found[f"≤ {peer.at_most:g} × {peer.name}"] = self.multiple(peer) <= peer.at_most
        if self.row.median_max is not None:
            found[f"≤ {self.row.median_max:g} {self.row.unit}"] = self.subject.median_us <= self.row.median_max
        if self.row.worst_max is not None:
            found[f"worst ≤ {self.row.worst_max:g} {self.row.unit}"] = self.subject.worst_us <= self.row.worst_max
        return found

    @property
    def met(self) -> bool:
        return all(self.bars.values())


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
    return Sample(statistics.median(ordered), ordered[int(len(ordered) * 0.99)], len(ordered), ordered[-1])


def measure(row: Row, standard: Subject, subject: Subject, rounds: int, calls: int) -> Measured:
    """Measure all sides in turn, round by round, the first one changing."""
    with ExitStack() as stack:
        samplers = {"subject": stack.enter_context(row.opened(subject))}
        if row.standard:
            samplers["standard"] = stack.enter_context(row.opened(standard))
        notes = [row.note] if row.note else []
        for peer in row.peers:
            try:
                samplers[peer.name] = stack.enter_context(peer.opened(subject))
            except ImportError as error:
                notes.append(f"{peer.name}: {error}")
        times: dict[str, list[float]] = {name: [] for name in samplers}
        for sampler in samplers.values():
            sampler(min(calls, 20))  # connections, caches
        for turn in range(rounds * row.turns):
            for name in list(samplers) if turn % 2 == 0 else reversed(samplers):
                times[name].extend(undisturbed(samplers[name], calls))
    found = {name: summary(taken) for name, taken in times.items()}
    return Measured(row, found.pop("standard", None), found.pop("subject"), found, tuple(notes))


def undisturbed(sampler: Sampler, calls: int) -> list[float]:
    gc.collect()
    gc.disable()
    try:
        return sampler(calls)
    finally:
        gc.enable()
