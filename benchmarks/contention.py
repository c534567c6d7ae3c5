"""What do processes get done that fight for one lock, and how long do they wait for it?"""

import mmap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.burst import operations_of_a_burst
from benchmarks.crew import Crew, Spent, Work, crew, server_of
from benchmarks.row import ANY, Opener, Peer, Row, Sampler
from benchmarks.subject import FORK, Subject

FASTER = 50  # so many operations of ours take about as long as one of the standard library's
INSIDE_NS = OUTSIDE_NS = 10_000
WAITS_MAX = 200  # of a process, in one run
DONE, LAST, CHANGES = range(3)

Figure = Callable[[Spent, memoryview], list[float]]


@dataclass(frozen=True)
class Place:
    """Where one of the processes stands."""

    lock: Any
    numbers: memoryview  # shared
    me: int


Body = Callable[[Place], Work]


def shared_numbers() -> memoryview:
    """Numbers that forked processes share; here they are what a lock guards."""
    return memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")


def spin(nanoseconds: int) -> None:
    end = time.perf_counter_ns() + nanoseconds
    while time.perf_counter_ns() < end:
        pass


# What one process does until all have done `count` together, so that nobody is ever alone with the lock.


def fighting(at: Place) -> Work:
    lock, numbers, me = at.lock, at.numbers, at.me

    def work(count: int) -> None:
        more = True
        while more:
            lock.acquire()
            if numbers[LAST] != me:
                numbers[LAST] = me
                numbers[CHANGES] += 1
            numbers[DONE] += 1
            more = numbers[DONE] < count
            lock.release()

    return work


def timing_waits(at: Place) -> Work:
    lock, numbers = at.lock, at.numbers

    def work(count: int) -> list[float]:
        clock, waits, more = time.perf_counter_ns, [], True
        while more:
            started = clock()
            lock.acquire()
            waits.append((clock() - started) / 1_000)
            numbers[DONE] += 1
            more = numbers[DONE] < count
            lock.release()
        return waits[:: len(waits) // WAITS_MAX + 1]

    return work


def in_and_out(at: Place) -> Work:
    lock, numbers = at.lock, at.numbers

    def work(count: int) -> None:
        more = True
        while more:
            lock.acquire()
            spin(INSIDE_NS)
            numbers[DONE] += 1
            more = numbers[DONE] < count
            lock.release()
            spin(OUTSIDE_NS)

    return work


def unhindered(at: Place) -> Work:
    """As `in_and_out`, half of the work each and no lock: the ideal, on this machine as busy as it is."""

    def work(count: int) -> None:
        for _ in range(count // 2):
            spin(INSIDE_NS)
            spin(OUTSIDE_NS)
        at.numbers[DONE] = count // 2 * 2

    return work


# What a run says


def time_of_one(spent: Spent, numbers: memoryview) -> list[float]:
    return [spent.wall_us / max(1, numbers[DONE])]


def time_of_change(spent: Spent, numbers: memoryview) -> list[float]:
    return [spent.wall_us / max(1, numbers[CHANGES])]


def cpu_of_one(spent: Spent, numbers: memoryview) -> list[float]:
    return [spent.cpu_us / max(1, numbers[DONE])]


def waits(spent: Spent, _: memoryview) -> list[float]:
    return [wait for returned in spent.returned for wait in returned]


def sampler(together: Crew, numbers: memoryview, operations: int | None, figure: Figure) -> Sampler:
    """A sample is so many operations for each call; None: a burst, however many are asked for."""

    def run(count: int) -> Spent:
        numbers[DONE] = numbers[CHANGES] = 0
        return together.run(count)

    if operations is not None:
        return lambda calls: figure(run(calls * operations), numbers)
    burst = operations_of_a_burst(lambda count: run(count).wall_us)
    return lambda _: figure(run(burst), numbers)


def operations_for(body: Body, is_slow: bool) -> int | None:
    """As `sampler` takes them; slow is the standard library's manager."""
    if body is fighting:
        return None
    return 1 if is_slow else FASTER


def fight(processes: int, body: Body, figure: Figure) -> Opener:
    """So many processes on a lock of a manager."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        operations = operations_for(body, is_slow=subject.package == "multiprocessing")
        with subject.manager() as manager:
            lock, numbers = manager.Lock(), shared_numbers()
            works = [body(Place(lock, numbers, number)) for number in range(processes)]
            with crew(works, [server_of(manager)]) as together:
                yield sampler(together, numbers, operations, figure)

    return opened


def primitive(processes: int, body: Body, figure: Figure, at_most: float | None) -> Peer:
    """The same on a lock of multiprocessing."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        lock, numbers = FORK.Lock(), shared_numbers()
        with crew([body(Place(lock, numbers, number)) for number in range(processes)]) as together:
            yield sampler(together, numbers, operations_for(body, is_slow=False), figure)

    return Peer("multiprocessing.Lock", opened, at_most)


def row(name: str, processes: int, body: Body, figure: Figure, **kwds: Any) -> Row:
    at_most = kwds.pop("at_most", None)
    peers = (primitive(processes, body, figure, at_most), *kwds.pop("peers", ()))
    return Row(name, fight(processes, body, figure), 50, peers=peers, **kwds)


IDEAL = Peer("the same without a lock", fight(2, unhindered, time_of_one), 1.25)
FOUR = Peer("4 processes", fight(4, fighting, time_of_one), 2)

ROWS = [
    row("a hand-over, 2 processes on one lock", 2, fighting, time_of_change, at_most=1),
    row("a hand-over, 2 processes on one lock: CPU", 2, fighting, cpu_of_one, unit="µs CPU", bar=ANY, heavy=True),
    row("10 µs inside a lock and outside, 2 processes", 2, in_and_out, time_of_one, peers=(IDEAL,)),
    row(
        "10 µs inside a lock and outside, 2 processes: CPU",
        2,
        in_and_out,
        cpu_of_one,
        unit="µs CPU",
        bar=ANY,
        heavy=True,
    ),
    row("16 processes on one lock", 16, fighting, time_of_one, peers=(FOUR,)),
    row("the wait for a lock, 2 processes", 2, timing_waits, waits),
    row("the wait for a lock, 16 processes", 16, timing_waits, waits),
]
