"""How long does it take to say something to another process and to hear its answer?

A figure is one round trip: there and back again, in a burst of them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchmarks.burst import operations_of_a_burst
from benchmarks.crew import CPU, WALL, Work, crew, figure_of, server_of
from benchmarks.futex import bare_futex
from benchmarks.row import ANY, NOT_SLOWER, Opener, Peer, Row, Sampler
from benchmarks.subject import FORK, Subject

BARE_MAX = 1.5  # times a bare futex that does not spin
SPINNING_MAX_US = 3.0

Make = Callable[[Any], Any]  # from a manager, or a context of multiprocessing
Sides = Callable[[Any, Any], tuple[Work, Work]]


def over_queues(there: Any, back: Any) -> tuple[Work, Work]:
    def ping(count: int) -> None:
        for _ in range(count):
            there.put(7)
            back.get()

    def pong(count: int) -> None:
        for _ in range(count):
            there.get()
            back.put(7)

    return ping, pong


def over_locks(there: Any, back: Any) -> tuple[Work, Work]:
    """Locks as signals: one process releases what the other waits to acquire."""
    there.acquire()
    back.acquire()

    def ping(count: int) -> None:
        for _ in range(count):
            there.release()
            back.acquire()

    def pong(count: int) -> None:
        for _ in range(count):
            there.acquire()
            back.release()

    return ping, pong


def over_events(there: Any, back: Any) -> tuple[Work, Work]:
    def ping(count: int) -> None:
        for _ in range(count):
            there.set()
            back.wait()
            back.clear()

    def pong(count: int) -> None:
        for _ in range(count):
            there.wait()
            there.clear()
            back.set()

    return ping, pong


def until(value: Any, number: int) -> None:
    """Wait for a Value: by `wait_for`, or as one waits without it."""
    if hasattr(value, "wait_for"):
        value.wait_for(number)
        return
    while value.value != number:
        pass


def over_values(there: Any, back: Any) -> tuple[Work, Work]:
    def ping(count: int) -> None:
        for _ in range(count):
            there.value = 1
            until(back, 1)
            back.value = 0

    def pong(count: int) -> None:
        for _ in range(count):
            until(there, 1)
            there.value = 0
            back.value = 1

    return ping, pong


@contextmanager
def playing(works: tuple[Work, Work], servers: list[int], figure: int) -> Iterator[Sampler]:
    with crew(works, servers) as together:
        rounds = operations_of_a_burst(lambda count: together.run(count).wall_us)
        yield lambda bursts: [figure_of(together.run(rounds), figure) / rounds for _ in range(bursts)]


def play(sides: Sides, make: Make, figure: int) -> Opener:
    """Between two processes, over two objects of a manager."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with (
            subject.manager() as manager,
            playing(sides(make(manager), make(manager)), [server_of(manager)], figure) as sample,
        ):
            yield sample

    return opened


def primitive(name: str, sides: Sides, make: Make, figure: int) -> Peer:
    """The same over two objects that have no server."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        with playing(sides(make(FORK), make(FORK)), [], figure) as sample:
            yield sample

    return Peer(name, opened)


def faster_fifo(_: Any) -> Any:
    from faster_fifo import Queue  # measured where it is installed

    return Queue()


PLAYS: list[tuple[str, Sides, Make, list[tuple[str, Make]]]] = [
    (
        "two queues", over_queues, lambda m: m.Queue(),
        [
            ("multiprocessing.Queue", lambda context: context.Queue()),
            ("multiprocessing.SimpleQueue", lambda context: context.SimpleQueue()),
            ("faster-fifo", faster_fifo),
        ],
    ),
    ("two locks", over_locks, lambda m: m.Lock(), [("multiprocessing.Lock", lambda context: context.Lock())]),
    ("two events", over_events, lambda m: m.Event(), [("multiprocessing.Event", lambda context: context.Event())]),
]  # fmt: skip


def rows_of(name: str, sides: Sides, make: Make, peers: list[tuple[str, Make]]) -> Iterator[Row]:
    for figure, what, unit in ((WALL, "", "µs"), (CPU, ": CPU", "µs CPU")):
        is_wall = figure == WALL
        beside = (
            *(primitive(peer, sides, made, figure) for peer, made in peers),
            bare_futex(figure, spinning=False, at_most=BARE_MAX if is_wall else None),
            bare_futex(figure, spinning=True),
        )
        yield Row(
            f"ping-pong over {name}{what}", play(sides, make, figure), 1, peers=beside, unit=unit,
            bar=NOT_SLOWER if is_wall else ANY, median_max=SPINNING_MAX_US if is_wall else None, heavy=not is_wall,
        )  # fmt: skip


def row_of_values(figure: int, what: str, unit: str) -> Row:
    name = f"ping-pong over two Values that are waited for{what}"
    bare = (bare_futex(figure, spinning=False),)
    note = "the standard library's are polled"
    return Row(
        name, play(over_values, lambda m: m.Value("i", 0), figure), 1, peers=bare, unit=unit, note=note,
        bar=NOT_SLOWER if figure == WALL else ANY, heavy=figure == CPU,
    )  # fmt: skip


def on_one_processor(opener: Opener) -> Opener:
    """Bind whatever is started for a measurement to one processor: there nobody spins, and each answer is a switch."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            with opener(subject) as sample:
                yield sample
        finally:
            os.sched_setaffinity(0, before)

    return opened


def row_without_spinning(name: str, sides: Sides, make: Make, peers: list[tuple[str, Make]]) -> Row:
    beside = [*(primitive(peer, sides, made, WALL) for peer, made in peers), bare_futex(WALL, spinning=False)]
    return Row(
        f"ping-pong over {name}, on one processor", on_one_processor(play(sides, make, WALL)), 1,
        peers=tuple(replace(peer, opened=on_one_processor(peer.opened)) for peer in beside),
    )  # fmt: skip


ROWS = [
    *(row for one in PLAYS for row in rows_of(*one)),
    *(row_without_spinning(*one) for one in PLAYS),
    row_of_values(WALL, "", "µs"),
    row_of_values(CPU, ": CPU", "µs CPU"),
]
