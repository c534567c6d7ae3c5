"""What do an object and a proxy cost before they are used?"""

import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.row import Opener, Row, Sampler, each
from benchmarks.subject import Subject


@contextmanager
def create(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:

        def sample(calls: int) -> list[float]:
            times = []
            for _ in range(calls):
                started = time.perf_counter_ns()
                proxy = manager.Hosted()
                times.append((time.perf_counter_ns() - started) / 1_000)
                del proxy  # giving it back is not part of the question
            return times

        yield sample


def unpickle(make: Callable[[Any], Any], batch: int) -> Opener:
    """So many at a time, which are kept meanwhile: giving them back is not part of the question."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        with subject.manager() as manager:
            original = make(manager)
            pickled = pickle.dumps(original)

            def sample(calls: int) -> list[float]:
                times = []
                for _ in range(calls):
                    started = time.perf_counter_ns()
                    proxies = [pickle.loads(pickled) for _ in range(batch)]
                    times.append((time.perf_counter_ns() - started) / 1_000 / batch)
                    del proxies
                return times

            yield sample

    return opened


@contextmanager
def create_and_drop(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        yield each(lambda: manager.list())  # noqa: PLW0108 the method is looked up as users do


ROWS = [
    Row("create an object", create, calls=50, bar=20),
    Row("create and drop a list", create_and_drop, calls=50, bar=400),
    Row("unpickle a proxy", unpickle(lambda m: m.Hosted(), 1), calls=200, bar=50),
    Row("unpickle a proxy of a dict", unpickle(lambda m: m.dict(), 20), calls=200, bar=200),
]
