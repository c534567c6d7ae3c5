"""What does an item cost that goes through a queue?"""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from benchmarks.crew import CPU, WALL, Work, crew, figure_of, server_of
from benchmarks.hot import hot, loop
from benchmarks.row import ANY, NOT_SLOWER, Opener, Peer, Row, Sampler
from benchmarks.subject import FORK, Subject

MANY = 100
BULK = 20  # so many items of ours take about as long as one of the standard library's
LONG = 100  # so many times longer is a stream: to have both processes start takes as long as hundreds of items of ours
BOTH = "x.put(7); x.get()"
SMALL, KILOBYTE = 7, b"x" * 1_000

Make = Callable[[Any], Any]
Sides = Callable[[Any, object], tuple[Work, Work]]


def one_by_one(items: Any, value: object) -> tuple[Work, Work]:
    def produce(count: int) -> None:
        for _ in range(count):
            items.put(value)

    def consume(count: int) -> None:
        for _ in range(count):
            items.get()

    return produce, consume


def by_hundreds(items: Any, value: object) -> tuple[Work, Work]:
    hundred = [value] * MANY

    def produce(count: int) -> None:
        for _ in range(count // MANY or 1):
            items.put_many(hundred)

    def consume(count: int) -> None:
        left = (count // MANY or 1) * MANY
        while left:
            left -= len(items.get_many(min(left, MANY)))

    return produce, consume


@contextmanager
def streaming(works: tuple[Work, Work], servers: list[int], factor: int, figure: int) -> Iterator[Sampler]:
    with crew(works, servers) as together:

        def sample(calls: int) -> list[float]:
            count = max(calls * factor // MANY, 1) * MANY
            return [figure_of(together.run(count), figure) / count]

        yield sample


def stream(sides: Sides, value: object, figure: int) -> Opener:
    """From one process to another, through a queue of a manager; the standard library's knows items one by one only."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        is_standard = subject.package == "multiprocessing"
        with subject.manager() as manager:
            works = (one_by_one if is_standard else sides)(manager.Queue(), value)
            with streaming(works, [server_of(manager)], 1 if is_standard else LONG, figure) as sample:
                yield sample

    return opened


def through(name: str, make: Make, sides: Sides, value: object, figure: int, at_most: float | None = None) -> Peer:
    """The same through a queue without a server."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        with streaming(sides(make(FORK), value), [], LONG, figure) as sample:
            yield sample

    return Peer(name, opened, at_most)


def in_one_process(name: str, make: Make, at_most: float | None) -> Peer:
    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        items = make(multiprocessing)
        yield loop(BOTH, {"x": items}, BULK)
        if hasattr(items, "join_thread"):
            items.close()
            items.join_thread()

    return Peer(name, opened, at_most)


def fast_fifo(_: Any) -> Any:
    from faster_fifo import Queue  # measured where it is installed

    return Queue()


def plain(context: Any) -> Any:
    return context.Queue()


@cache
def has_many() -> bool:
    """Whether queues can put and get many items at once."""
    with Subject("manor").manager() as manager:
        return hasattr(manager.Queue(), "put_many")


def rows_of(name: str, value: object, bar: float) -> Iterator[Row]:
    """One producer and one consumer."""
    for figure, what, unit in ((WALL, "", "µs"), (CPU, ": CPU", "µs CPU")):
        peers = (
            through("multiprocessing.Queue", plain, one_by_one, value, figure, 1 / bar if figure == WALL else None),
            through("faster-fifo", fast_fifo, one_by_one, value, figure),
        )
        yield Row(
            f"producer to consumer, {name}{what}", stream(one_by_one, value, figure), 200, peers=peers, unit=unit,
            bar=NOT_SLOWER if figure == WALL else ANY, heavy=figure == CPU,
        )  # fmt: skip


ROWS = [
    Row(
        "queue put and get in one process", hot(BOTH, lambda m: m.Queue()), 200, 60,
        peers=(
            in_one_process("multiprocessing.Queue", plain, 1 / 8),
            in_one_process("multiprocessing.SimpleQueue", lambda context: context.SimpleQueue(), None),
            in_one_process("faster-fifo", fast_fifo, 1 / 4),
        ),
    ),
    *rows_of("small ints", SMALL, 10),
    *rows_of("1 kB bytes", KILOBYTE, 5),
    Row(
        "producer to consumer, by hundreds", stream(by_hundreds, SMALL, WALL), 500, there=has_many, median_max=0.2,
        peers=(through("faster-fifo", fast_fifo, by_hundreds, SMALL, WALL),),
        note="the standard library has items one by one only; what 0.1 × faster-fifo takes would do, too",
    ),
]  # fmt: skip
