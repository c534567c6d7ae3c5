"""What does it cost to walk over a container, or into one?"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.row import Row, Sampler, each
from benchmarks.subject import Subject

ITEMS = 1_000


@contextmanager
def over_list(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        proxy = manager.list(range(ITEMS))
        yield each(lambda: deque(proxy, maxlen=0))


@contextmanager
def over_dict(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        proxy = manager.dict(zip(map(str, range(ITEMS)), range(ITEMS), strict=True))
        yield each(lambda: deque(proxy, maxlen=0))


@contextmanager
def nested(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        outer = manager.dict()
        outer["i"] = manager.dict({"a": 1})
        yield each(lambda: outer["i"]["a"])


ROWS = [
    Row("iterate a list of 1,000 items", over_list, calls=5, bar=500),
    Row("iterate a dict of 1,000 keys", over_dict, calls=5, bar=500),
    Row('nested access outer["i"]["a"]', nested, calls=50, bar=10),
]
