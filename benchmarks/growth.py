"""How does a dict fare that grows, beside the in-process dict? Median and worst of single operations, and memory."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.row import Opener, Peer, Row, Sampler
from benchmarks.subject import Subject

SIZES = {"10": 10, "1,000": 1_000, "100,000": 100_000, "1,000,000": 1_000_000, "10,000,000": 10_000_000}
ALWAYS_MAX = 1_000_000  # larger ones when they are asked for
QUICK_MAX = 1_000
WORST_US = 1_000.0
SAMPLE = 2_000
REPEATS = 2
NEAR = 100  # operations


def timed(operation: Callable[[Any], object], arguments: list[Any]) -> list[float]:
    """The µs that each took."""
    clock = time.perf_counter_ns
    times = []
    for argument in arguments:
        started = clock()
        operation(argument)
        times.append((clock() - started) / 1_000)
    return times


def by_themselves(run: Callable[[], list[float]]) -> list[float]:
    """The times of a run, without what was slow because the machine did something else.

    An operation that is slow by itself, or one near it, is slow whenever the same operations are run again.
    """
    times = run()
    slow = [at for at, took in enumerate(times) if took >= WORST_US]
    for _ in range(REPEATS):
        if slow:
            again = run()
            slow = [at for at in slow if max(again[max(0, at - NEAR) : at + NEAR + 1]) >= WORST_US]
    kept = set(slow)
    return [took for at, took in enumerate(times) if took < WORST_US or at in kept]


def filled(container: Any, size: int) -> Any:
    for key in range(size):
        container[key] = key
    return container


def sampler(container: Any, size: int, what: str) -> Sampler:
    rng = random.Random(size)  # noqa: S311 no secret
    one = container.__getitem__ if what == "get" else lambda key: container.__setitem__(key, 7)

    def sample(calls: int) -> list[float]:
        keys = [rng.randrange(size) for _ in range(calls)]
        return by_themselves(lambda: timed(one, keys))

    return sample


def hosted(size: int, what: str) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager() as manager:
            yield sampler(filled(manager.dict(), size), size, what)

    return opened


def in_process(size: int, what: str) -> Opener:
    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        yield sampler(filled({}, size), size, what)

    return opened


def growing(size: int) -> Opener:
    """Insert so many keys, one by one, where the pages are there already: the dict was as large before."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager() as manager:
            proxy = filled(manager.dict(), size)

            def grow() -> list[float]:
                proxy.clear()
                return timed(lambda key: proxy.__setitem__(key, 7), list(range(size)))

            yield lambda _: by_themselves(grow)

    return opened


def bytes_per_entry(size: int) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager() as manager:
            before = manager.stats()["bytes_backed"]
            proxy = filled(manager.dict(), size)
            after = manager.stats()["bytes_backed"]
            assert len(proxy) == size
            yield lambda calls: [(after - before) / size] * calls

    return opened


def built_in_bytes_per_entry(size: int) -> Opener:
    """The table, and an int object for each key; each value is the same object."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        found = filled({}, size)
        total = sys.getsizeof(found) + sum(map(sys.getsizeof, found))
        yield lambda calls: [total / size] * calls

    return opened


def rows_of(name: str, size: int) -> list[Row]:
    small = size <= QUICK_MAX
    rows = [
        Row(
            f"growth: {label} at {name} keys",
            hosted(size, what),
            SAMPLE,
            heavy=not small,
            peers=(Peer("the built-in dict", in_process(size, what)),),
            worst_max=WORST_US,
            standard=False,
        )
        for what, label in (("get", "d[k]"), ("set", "d[k] = v"))
    ]
    if size >= 100_000:
        memory = (Peer("the built-in dict", built_in_bytes_per_entry(size), 2.5),)
        rows += [
            Row(f"growth: up to {name} keys", growing(size), 1, heavy=True, worst_max=WORST_US, standard=False),
            Row(f"growth: memory for each of {name} entries", bytes_per_entry(size), 1, heavy=True,
                peers=memory, unit="B", standard=False),
        ]  # fmt: skip
    return rows


ROWS = [row for name, size in SIZES.items() if size <= ALWAYS_MAX for row in rows_of(name, size)]
LARGEST = [row for name, size in SIZES.items() if size > ALWAYS_MAX for row in rows_of(name, size)]
