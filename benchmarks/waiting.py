"""What does waiting cost those who have nothing to do?"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.crew import cpu_ns, server_of
from benchmarks.row import ANY, Opener, Peer, Row, Sampler
from benchmarks.subject import FORK, Subject

WATCHED_S = 0.02  # for each call
REPORTED_S = 10
LEAST_S = 1e-7  # for nothing: ratios are made of it
SETTLE_S = 0.5  # until all are asleep
"""Nobody can see from outside that a process has begun to wait; one that has not would count as busy."""


def block(items: Any, started: Any) -> None:
    started.send(None)
    items.get()


@contextmanager
def blocked(make: Callable[[], Any], processes: int, others: list[int]) -> Iterator[Sampler]:
    """Watch processes that wait for an item; the figure is what all take of the processors in ten seconds."""
    items = make()
    ours, theirs = FORK.Pipe()
    waiting = [FORK.Process(target=block, args=(items, theirs), daemon=True) for _ in range(processes)]
    try:
        for process in waiting:
            process.start()
        for _ in waiting:
            ours.recv()
        time.sleep(SETTLE_S)
        watched = [*(process.pid or 0 for process in waiting), *others]

        def sample(calls: int) -> list[float]:
            before, started = sum(map(cpu_ns, watched)), time.monotonic()
            time.sleep(calls * WATCHED_S)
            used_s = (sum(map(cpu_ns, watched)) - before) / 1e9
            return [max(used_s, LEAST_S) / (time.monotonic() - started) * REPORTED_S]

        yield sample
    finally:
        for process in waiting:
            process.kill()
        for process in waiting:
            process.join()


def on_a_queue(processes: int) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with (
            subject.manager() as manager,
            blocked(manager.Queue, processes, [server_of(manager)]) as sample,
        ):
            yield sample

    return opened


def on_a_pipe(processes: int) -> Peer:
    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        with blocked(FORK.Queue, processes, []) as sample:
            yield sample

    return Peer("multiprocessing.Queue", opened)


def row(processes: int, cpu_s_max: float, *, heavy: bool) -> Row:
    return Row(
        f"CPU of 10 s of {processes} processes blocked on a queue",
        on_a_queue(processes), 50, bar=ANY, heavy=heavy, peers=(on_a_pipe(processes),), unit="s CPU",
        median_max=cpu_s_max, note="the server included",
    )  # fmt: skip


ROWS = [row(5, 0.005, heavy=False), row(100, 0.1, heavy=True)]
