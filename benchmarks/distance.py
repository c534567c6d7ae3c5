"""How far is it from one processor to the other? What two processes do together depends on that."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.compiled import compiled, compiler
from benchmarks.row import Row, Sampler
from benchmarks.subject import Subject

ROUNDS = 100_000


@contextmanager
def there_and_back(_: Subject) -> Iterator[Sampler]:
    with compiled("distance") as program:
        yield lambda calls: [program(ROUNDS)[0] / 1_000 / ROUNDS for _ in range(calls)]


ROWS = [
    Row(
        "a word to another processor and back, for comparison", there_and_back, 1, standard=False,
        note="in C; virtual processors may move: where this differs from run to run, so do the rows of two processes",
        there=lambda: len(os.sched_getaffinity(0)) > 1 and compiler() is not None,
    ),
]  # fmt: skip
