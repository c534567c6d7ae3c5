"""What does a call of a method of a user's own class cost?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Opener, Row, Sampler, each
from benchmarks.subject import Subject

IDLE_S = 0.002


@contextmanager
def method_call(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        hosted = manager.Hosted()
        yield each(lambda: hosted.add(1))


def there_and_back(size: int) -> Opener:
    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        value = bytes(size)
        with subject.manager() as manager:
            hosted = manager.Hosted()
            yield each(lambda: hosted.echo(value))

    return opened


@contextmanager
def after_idleness(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        hosted = manager.Hosted()
        once = each(lambda: hosted.add(1))

        def sample(calls: int) -> list[float]:
            times = []
            for _ in range(calls):
                time.sleep(IDLE_S)
                times += once(1)
            return times

        yield sample


ROWS = [
    Row("method call of a custom class", method_call, calls=400, bar=1.5),
    Row("method call, 1 kB there and back", there_and_back(1_000), calls=400),
    Row("method call, 100 kB there and back", there_and_back(100_000), calls=100),
    Row("method call, 10 MB there and back", there_and_back(10_000_000), calls=3, heavy=True),
    Row("method call after 2 ms of idleness", after_idleness, calls=100),
]
