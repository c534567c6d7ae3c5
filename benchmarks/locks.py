"""What does a lock cost when nobody else wants it?"""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.hot import FASTER, hot, loop
from benchmarks.row import NOT_SLOWER, Peer, Row, Sampler
from benchmarks.subject import Subject

PAIR = "x.acquire(); x.release()"
BLOCK = "with x: pass"
KINDS = ("Lock", "RLock", "Semaphore", "BoundedSemaphore")


def primitive(kind: str, statement: str, at_most: float | None) -> Peer:
    """The same statement about a primitive of multiprocessing, which has no server."""

    @contextmanager
    def opened(_: Subject) -> Iterator[Sampler]:
        yield loop(statement, {"x": getattr(multiprocessing, kind)()}, FASTER)

    return Peer(f"multiprocessing.{kind}", opened, at_most)


def made(kind: str) -> Callable[[Any], Any]:
    return lambda manager: getattr(manager, kind)()


def row(name: str, kind: str, statement: str, bar: float, at_most: float | None) -> Row:
    peers = (primitive(kind, statement, at_most),)
    return Row(f"{name}, {kind}", hot(statement, made(kind)), 200, bar, peers=peers)


ROWS = [
    *(row("acquire and release", kind, PAIR, 300, 1) for kind in KINDS),
    *(row("with block", kind, BLOCK, NOT_SLOWER, 0.6) for kind in KINDS),
    row("is_set", "Event", "x.is_set()", 200, None),
    row("set and clear", "Event", "x.set(); x.clear()", NOT_SLOWER, None),
    row("notify with nobody waiting", "Condition", "with x: x.notify()", NOT_SLOWER, None),
]
