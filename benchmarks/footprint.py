"""How much memory do objects take, and does it come back?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.row import Row, Sampler
from benchmarks.subject import Subject

EMPTY_DICTS = 100_000
ENTRIES = 100_000
PIECE = bytes(1_000_000)
PIECES = 1_000
PATIENCE_S = 30.0


def resident_bytes(pid: int) -> int:
    """Private memory of a process: shared pages are counted by the arena."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024


def footprint(manager: Any) -> int:
    return int(manager.stats()["bytes_backed"]) + resident_bytes(manager._process.pid)


@contextmanager
def empty_dicts(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:

        def sample(_: int) -> list[float]:
            keeper = manager.list()
            before = footprint(manager)
            for _ in range(EMPTY_DICTS):
                keeper.append(manager.dict())
            return [(footprint(manager) - before) / 1e6]

        yield sample


@contextmanager
def half_deleted(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        proxy = manager.dict()

        def insert() -> int:
            for key in range(ENTRIES):
                proxy[key] = str(key) * 5
            return int(manager.stats()["bytes_backed"])

        def sample(_: int) -> list[float]:
            before = insert()
            for key in range(0, ENTRIES, 2):
                del proxy[key]
            return [insert() / before]

        yield sample


@contextmanager
def pages_back(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:

        def sample(_: int) -> list[float]:
            before = manager.stats()["bytes_backed"]
            pieces = manager.list()
            for _ in range(PIECES):
                pieces.append(PIECE)
            started = time.perf_counter()
            del pieces
            while manager.stats()["bytes_backed"] - before > PIECES * len(PIECE) / 20:
                if time.perf_counter() - started > PATIENCE_S:
                    break
            return [time.perf_counter() - started]

        yield sample


ROWS = [
    Row("memory: 100,000 empty dicts", empty_dicts, 1, heavy=True, unit="MB", median_max=100, standard=False),
    Row("memory: after deleting half and inserting again, in multiples of before", half_deleted, 1, heavy=True,
        unit="×", median_max=1.05, standard=False),
    Row("memory: until the pages of 1 GB are back", pages_back, 1, heavy=True,
        unit="s", median_max=1.0, standard=False),
]  # fmt: skip
