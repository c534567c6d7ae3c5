"""How much memory do objects take, and does it come back?"""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.row import Opener, Row, Sampler
from benchmarks.subject import Subject

EMPTY_DICTS = 100_000
ENTRIES = 100_000
PIECE = bytes(1_000_000)
PIECES = 1_000
PATIENCE_S = 30.0


def private_bytes(pid: int) -> int:
    """Memory that is a process's own: shared pages are counted once, as the arena's."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024


def arena_bytes(manager: Any) -> int:
    """What the system has given for the arena, as it counts itself."""
    files = Path(f"/proc/{manager._process.pid}/fd").iterdir()
    arenas = {}
    for file in files:
        with contextlib.suppress(FileNotFoundError):  # closed since the directory was read
            if "manor-arena" in str(file.readlink()):
                arenas[file.stat().st_ino] = file.stat().st_blocks * 512
    return sum(arenas.values())


def anew(measured: Callable[[Any], float]) -> Opener:
    """Measure with a manager that was used for nothing before."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        def once() -> float:
            with subject.manager() as manager:
                return measured(manager)

        yield lambda calls: [once() for _ in range(calls)]

    return opened


def empty_dicts(manager: Any) -> float:
    def used() -> int:
        return arena_bytes(manager) + private_bytes(manager._process.pid)

    keeper = manager.list()
    before = used()
    for _ in range(EMPTY_DICTS):
        keeper.append(manager.dict())
    return (used() - before) / 1e6


def half_deleted(manager: Any) -> float:
    proxy = manager.dict()

    def insert() -> int:
        for key in range(ENTRIES):
            proxy[key] = str(key) * 5
        return arena_bytes(manager)

    before = insert()
    for key in range(0, ENTRIES, 2):
        del proxy[key]
    return insert() / before


def pages_back(manager: Any) -> float:
    before = arena_bytes(manager)
    pieces = manager.list()
    for _ in range(PIECES):
        pieces.append(PIECE)
    started = time.perf_counter()
    assert arena_bytes(manager) - before > PIECES * len(PIECE) * 0.9
    del pieces
    while arena_bytes(manager) - before > PIECES * len(PIECE) / 20:
        if time.perf_counter() - started > PATIENCE_S:
            break
    return time.perf_counter() - started


ROWS = [
    Row("memory: 100,000 empty dicts", anew(empty_dicts), 1, heavy=True, unit="MB", median_max=100, standard=False),
    Row("memory: after deleting half and inserting again, in multiples of before", anew(half_deleted), 1, heavy=True,
        unit="×", median_max=1.05, standard=False),
    Row("memory: until the pages of 1 GB are back", anew(pages_back), 1, heavy=True,
        unit="s", median_max=1.0, standard=False),
]  # fmt: skip
