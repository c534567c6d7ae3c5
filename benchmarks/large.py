"""What does a large array as a value cost, beside copying its bytes?"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.row import Peer, Row, Sampler, each
from benchmarks.subject import Subject

BYTES = 8_000_000


def array() -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.arange(BYTES // 8, dtype=np.float64)


@contextmanager
def setting(subject: Subject) -> Iterator[Sampler]:
    value = array()
    with subject.manager() as manager:
        proxy = manager.dict(a=value)
        yield each(lambda: proxy.__setitem__("a", value))


@contextmanager
def getting(subject: Subject) -> Iterator[Sampler]:
    with subject.manager() as manager:
        proxy = manager.dict(a=array())
        yield each(lambda: proxy["a"])


@contextmanager
def warm_copy(_: Subject) -> Iterator[Sampler]:
    value, target = array(), array()
    yield each(lambda: np.copyto(target, value))


@contextmanager
def fresh_copy(_: Subject) -> Iterator[Sampler]:
    value = array()
    yield each(value.copy)


ROWS = [
    Row("d[k] = array of 8 MB", setting, 4, peers=(Peer("a warm copy", warm_copy, 1.6),)),
    Row("d[k], array of 8 MB", getting, 4, peers=(Peer("a copy into a fresh buffer", fresh_copy, 1.6),)),
]
