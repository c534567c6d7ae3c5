"""How many operations do two processes get done together, on one dict or on one each?"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.client import client
from benchmarks.row import Opener, Peer, Row, Sampler
from benchmarks.subject import Subject

VALUES = {"int": 7, "str": "x" * 30}
FASTER = 1_250
"""So many operations of ours for one of the standard library's.

A burst is to be long beside a tick of the scheduler, in which two processes that one other woke may share a processor.
"""


def read(proxy: Any, key: str, _: object, count: int) -> None:
    for _ in range(count):
        proxy[key]


def write(proxy: Any, key: str, value: object, count: int) -> None:
    for _ in range(count):
        proxy[key] = value


def work_when_told(proxy: Any, key: str, value: object, work: Any, orders: Any) -> None:
    work(proxy, key, value, 1)
    orders.send(None)
    while count := orders.recv():
        work(proxy, key, value, count)
        orders.send(None)


def processes(work: Any, value: object, count: int, dicts: int) -> Opener:
    """So many processes at once, on a dict of a manager, or on one each."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        factor = 1 if subject.package == "multiprocessing" else FASTER
        with subject.manager() as manager:
            proxies = [manager.dict({f"key {number}": value for number in range(count)}) for _ in range(dicts)]
            with bursts(work, value, [proxies[at % dicts] for at in range(count)], factor) as sample:
                yield sample

    return opened


def by_themselves(count: int) -> Opener:
    """So many processes that read a built-in dict each: what the machine can do."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        with bursts(read, 7, [{"key 0": 7, "key 1": 7}] * count, FASTER) as sample:
            yield sample

    return opened


@contextmanager
def bursts(work: Any, value: object, dicts: list[Any], factor: int) -> Iterator[Sampler]:
    """Sample bursts of all processes; the figure is the time of a burst divided by its operations."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(client(work_when_told, shared, f"key {at}", value, work))
            for at, shared in enumerate(dicts)
        ]
        for orders in clients:
            orders.recv()

        def sample(calls: int) -> list[float]:
            started = time.perf_counter_ns()
            for orders in clients:
                orders.send(calls * factor)
            for orders in clients:
                orders.recv()
            return [(time.perf_counter_ns() - started) / 1_000 / (calls * factor * len(clients))]

        yield sample


def row(name: str, work: Any, kind: str, dicts: int, gain: float) -> Row:
    value = VALUES[kind]
    alone = Peer("one process alone", processes(work, value, 1, 1), round(1 / gain, 3))
    return Row(f"{name}, {kind}", processes(work, value, 2, dicts), 200, 50, peers=(alone,))


ROWS = [
    Row(
        "two processes with built-in dicts, for comparison",
        by_themselves(2),
        200,
        peers=(Peer("one such process", by_themselves(1)),),
        standard=False,
        note="where this is far from 0.5 ×, two processes do not run at once, and no bar on two processes can be met",
    ),
    *(
        row(name, work, kind, dicts, gain)
        for kind in VALUES
        for name, work, dicts, gain in (
            ("two writers of one dict", write, 1, 0.5),
            ("two readers of one dict", read, 1, 1.2),
            ("two writers of a dict each", write, 2, 1.6),
            ("two readers of a dict each", read, 2, 1.6),
        )
    ),
]
