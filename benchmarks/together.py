"""How many operations do two processes get done together, on one container or on one each?"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.burst import BURST_MS
from benchmarks.client import client
from benchmarks.row import Opener, Peer, Row, Sampler
from benchmarks.subject import Subject

VALUES = {"int": 7, "str": "x" * 30}
OURS, STANDARD = 1_000, 10
"""So many operations are done between two looks at the clock."""
TURNS = 4

When = Callable[[list[Any]], float]
"""`at_once` or `in_turns`."""


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


def work_when_told(proxy: Any, key: str, value: object, work: Any, chunk: int, orders: Any) -> None:
    """Answer each order of so many milliseconds with the operations per microsecond that were done in them."""
    clock = time.perf_counter_ns
    work(proxy, key, value, 2)
    orders.send(None)
    while milliseconds := orders.recv():
        done, started = 0, clock()
        while (taken := clock() - started) < milliseconds * 1_000_000:
            work(proxy, key, value, chunk)
            done += chunk
        orders.send(done * 1_000 / taken)


def shared_by(manager: Any, work: Any, value: object) -> Any:
    """What two processes work on."""
    if work is append_and_pop:
        return manager.list()
    return manager.dict({f"key {number}": value for number in range(2)})


def processes(work: Any, kind: str, containers: int, when: When) -> Opener:
    """Two processes, at once or in turns, on one container of a manager, or on one each."""
    value = VALUES[kind]

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        chunk = STANDARD if subject.package == "multiprocessing" else OURS
        with subject.manager() as manager:
            proxies = [shared_by(manager, work, value) for _ in range(containers)] * 2
            with bursts(work, value, proxies[:2], chunk, when) as sample:
                yield sample

    return opened


def by_themselves(when: When) -> Opener:
    """Two processes that read a built-in dict each: what the machine can do."""
    return lambda _: bursts(read, 7, [{"key 0": 7, "key 1": 7}] * 2, OURS, when)


@contextmanager
def bursts(work: Any, value: object, shared: list[Any], chunk: int, when: When) -> Iterator[Sampler]:
    """Sample bursts; the figure is the time of a burst divided by the operations of all."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(client(work_when_told, proxy, f"key {at}", value, work, chunk))
            for at, proxy in enumerate(shared)
        ]
        for orders in clients:
            orders.recv()
        yield lambda count: [1 / when(clients) for _ in range(count)]


def at_once(clients: list[Any]) -> float:
    """Operations per microsecond of all together, whichever of them the machine favours."""
    for orders in clients:
        orders.send(BURST_MS)
    speeds: list[float] = [orders.recv() for orders in clients]
    return sum(speeds)


def in_turns(clients: list[Any]) -> float:
    """Operations per microsecond of one alone: the mean of all, which are not on equally fast processors."""
    return statistics.mean(at_once([orders]) for orders in clients)


def row(name: str, work: Any, kind: str, containers: int, gain: float | None) -> Row:
    alone = Peer(
        "one process alone", processes(work, kind, containers, in_turns), None if gain is None else round(1 / gain, 3)
    )
    return Row(f"{name}, {kind}", processes(work, kind, containers, at_once), 1, 50, peers=(alone,), turns=TURNS)


ROWS = [
    Row(
        "two processes with built-in dicts, for comparison",
        by_themselves(at_once),
        1,
        peers=(Peer("one such process", by_themselves(in_turns)),),
        turns=TURNS,
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
