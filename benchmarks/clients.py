"""How many calls do several client processes get done together?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.row import Row, Sampler
from benchmarks.subject import FORK, Subject

CLIENTS = 4


def call_when_told(hosted: Any, orders: "Connection[None, int]") -> None:
    while calls := orders.recv():
        for _ in range(calls):
            hosted.add(1)
        orders.send(None)


@contextmanager
def together(subject: Subject) -> Iterator[Sampler]:
    """Sample bursts of calls by all clients; the figure is the time of a burst divided by its calls."""
    with subject.manager() as manager:
        hosted = manager.Hosted()
        pipes = [FORK.Pipe() for _ in range(CLIENTS)]
        clients = [FORK.Process(target=call_when_told, args=(hosted, theirs)) for _, theirs in pipes]
        for client in clients:
            client.start()

        def sample(calls: int) -> list[float]:
            started = time.perf_counter_ns()
            for ours, _ in pipes:
                ours.send(calls)
            for ours, _ in pipes:
                ours.recv()
            return [(time.perf_counter_ns() - started) / 1_000 / (calls * CLIENTS)]

        yield sample
        for ours, _ in pipes:
            ours.send(0)
        for client in clients:
            client.join()


ROWS = [Row("a call, 4 client processes together", together, calls=400, bar=2)]
