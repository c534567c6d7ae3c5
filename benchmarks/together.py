"""How many operations do two processes get done together, on one container or on one each?"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.client import client
from benchmarks.row import Opener, Peer, Row, Sampler
from benchmarks.subject import Subject

VALUES = {"int": 7, "str": "x" * 30}
FASTER = {"int": 10_000, "str": 2_500}
"""So many operations of ours for one of the standard library's.

A burst is to be long beside the 10 to 20 ms in which two processes that one other woke may share a processor.
"""


def read(proxy: Any, key: str, _: object, count: int) -> None:
    for _ in range(count):
        proxy[key]


def write(proxy: Any, key: str, value: object, count: int) -> None:
    for _ in range(count):
        proxy[key] = value


def append_and_pop(proxy: Any, _key: str, value: object, count: int) -> None:
    for _ in range(count // 2):
        proxy.append(value)
        proxy.pop()


def work_when_told(proxy: Any, key: str, value: object, work: Any, orders: Any) -> None:
    work(proxy, key, value, 1)
    orders.send(None)
    while count := orders.recv():
        work(proxy, key, value, count)
        orders.send(None)


def shared_by(manager: Any, work: Any, value: object, count: int) -> Any:
    """What so many processes work on."""
    if work is append_and_pop:
        return manager.list()
    return manager.dict({f"key {number}": value for number in range(count)})


def processes(work: Any, kind: str, count: int, containers: int) -> Opener:
    """So many processes at once, on a container of a manager, or on one each."""
    value = VALUES[kind]

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        factor = 1 if subject.package == "multiprocessing" else FASTER[kind]
        with subject.manager() as manager:
            proxies = [shared_by(manager, work, value, count) for _ in range(containers)]
            with bursts(work, value, [proxies[at % containers] for at in range(count)], factor) as sample:
                yield sample

    return opened


def by_themselves(count: int) -> Opener:
    """So many processes that read a built-in dict each: what the machine can do."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        with bursts(read, 7, [{"key 0": 7, "key 1": 7}] * count, FASTER["int"]) as sample:
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


def row(name: str, work: Any, kind: str, containers: int, gain: float | None) -> Row:
    alone = Peer("one process alone", processes(work, kind, 1, 1), None if gain is None else round(1 / gain, 3))
    return Row(f"{name}, {kind}", processes(work, kind, 2, containers), 100, 50, peers=(alone,))


ROWS = [
    Row(
        "two processes with built-in dicts, for comparison",
        by_themselves(2),
        100,
        peers=(Peer("one such process", by_themselves(1)),),
        standard=False,
        note="where this is far from 0.5 ×, two processes do not run at once, and no bar on two processes can be met",
    ),
    *(
        row(name, work, kind, containers, gain)
        for kind in VALUES
        for name, work, containers, gain in (
            ("two writers of one dict", write, 1, 0.5),
            ("two readers of one dict", read, 1, 1.2),
            ("two writers of a dict each", write, 2, 1.6),
            ("two readers of a dict each", read, 2, 1.6),
            ("two that append to and pop from one list", append_and_pop, 1, None),
        )
    ),
]
