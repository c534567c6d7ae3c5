"""How long does a manager take to be there, and to be gone?"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Opener, Row, Sampler
from benchmarks.subject import Subject


def starting(start_method: str) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        def once() -> float:
            started = time.perf_counter_ns()
            manager = subject.managers.SyncManager(ctx=multiprocessing.get_context(start_method))
            manager.start()
            hosted = manager.Hosted()
            hosted.add(1)
            elapsed = (time.perf_counter_ns() - started) / 1_000
            manager.shutdown()
            return elapsed

        yield lambda calls: [once() for _ in range(calls)]

    return opened


@contextmanager
def shutting_down(subject: Subject) -> Iterator[Sampler]:
    def once() -> float:
        with subject.manager() as manager:
            hosted = manager.Hosted()
            hosted.add(1)
            del hosted
            started = time.perf_counter_ns()
            manager.shutdown()
            return (time.perf_counter_ns() - started) / 1_000

    yield lambda calls: [once() for _ in range(calls)]


ROWS = [
    Row("Manager() to the first answer, fork", starting("fork"), calls=3),
    Row("Manager() to the first answer, spawn", starting("spawn"), calls=2),
    Row("shutdown()", shutting_down, calls=3),
]
