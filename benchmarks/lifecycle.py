"""How long does a manager take to be there, and to be gone?"""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.row import Opener, Row, Sampler
from benchmarks.subject import Subject


def ask_hosted(manager: Any) -> None:
    hosted = manager.Hosted()
    hosted.add(1)


def ask_dict(manager: Any) -> None:
    shared = manager.dict()
    shared["a"] = 1
    assert shared["a"] == 1


def starting(start_method: str, ask: Callable[[Any], None]) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        def once() -> float:
            started = time.perf_counter_ns()
            manager = subject.managers.SyncManager(ctx=multiprocessing.get_context(start_method))
            manager.start()
            ask(manager)
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
    Row("Manager() to the first answer, fork", starting("fork", ask_hosted), calls=3),
    Row("Manager() to the first answer, spawn", starting("spawn", ask_hosted), calls=6),
    Row("Manager() to the first operation on a dict, fork", starting("fork", ask_dict), calls=3),
    Row("Manager() to the first operation on a dict, spawn", starting("spawn", ask_dict), calls=2, bar=5),
    Row("shutdown()", shutting_down, calls=5),
]
