"""What do an object and a proxy cost before they are used?"""

import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Row, Sampler
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


@contextmanager
def unpickle(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        original = manager.Hosted()
        pickled = pickle.dumps(original)

        def sample(calls: int) -> list[float]:
            times = []
            for _ in range(calls):
                started = time.perf_counter_ns()
                proxy = pickle.loads(pickled)
                times.append((time.perf_counter_ns() - started) / 1_000)
                del proxy
            return times

        yield sample


ROWS = [
    Row("create an object", create, calls=50, bar=20),
    Row("unpickle a proxy", unpickle, calls=50, bar=50),
]
