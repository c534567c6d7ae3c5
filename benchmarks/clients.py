"""How many calls do several client processes get done together?"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.client import client
from benchmarks.row import Row, Sampler
from benchmarks.subject import Subject

CLIENTS = 4


def call_when_told(hosted: Any, orders: Any) -> None:
    while calls := orders.recv():
        for _ in range(calls):
            hosted.add(1)
        orders.send(None)


@contextmanager
def together(subject: Subject) -> Iterator[Sampler]:
    """Sample bursts of calls by all clients; the figure is the time of a burst divided by its calls."""
    with subject.manager() as manager, ExitStack() as stack:
        hosted = manager.Hosted()
        clients = [stack.enter_context(client(call_when_told, hosted)) for _ in range(CLIENTS)]

        def sample(calls: int) -> list[float]:
            started = time.perf_counter_ns()
            for orders in clients:
                orders.send(calls)
            for orders in clients:
                orders.recv()
            return [(time.perf_counter_ns() - started) / 1_000 / (calls * CLIENTS)]

        yield sample


ROWS = [Row("a call, 4 client processes together", together, calls=2_000, bar=2)]
