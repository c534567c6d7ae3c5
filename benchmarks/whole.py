"""What do objects cost that ``create()`` made, with attributes, operators and one call at a time?"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.row import Opener, Peer, Row, Sampler, each
from benchmarks.subject import Hosted, Subject

ITEMS = 10_000


class Counting(Hosted):
    """Has an attribute, and a generator."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = 3

    @property
    def doubled(self) -> int:
        """A property, which has a function of Python's run."""
        return 2 * self.limit

    def numbers(self, end: int) -> Iterator[int]:
        yield from range(end)

    def number(self, which: int) -> int:
        return which


def made(subject: Subject, manager: Any, *, registered: bool) -> Any:
    if not registered and subject.package == "manor":
        return manager.create(Counting)
    return manager.Counting()


def using(use: Callable[[Any], Any], *, registered: bool = False) -> Opener:
    """Use an object that was created, or registered; the standard library has registered ones only."""

    @contextmanager
    def opened(subject: Subject) -> Iterator[Sampler]:
        kind = subject.managers.SyncManager
        kind.register("Counting", Counting, method_to_typeid={"numbers": "Iterator"})
        with subject.manager() as manager:
            counting = made(subject, manager, registered=registered)
            yield each(lambda: use(counting))

    return opened


def attribute(counting: Any) -> Any:
    return counting.limit if hasattr(type(counting), "_shape_") else counting.add(1)


def prop(counting: Any) -> Any:
    return counting.doubled if hasattr(type(counting), "_shape_") else counting.add(1)


def item_by_item(counting: Any) -> Any:
    return sum(counting.number(which) for which in range(ITEMS))


@contextmanager
def create(subject: Subject) -> Iterator[Sampler]:
    subject.managers.SyncManager.register("Counting", Counting)
    with subject.manager() as manager:

        def sample(calls: int) -> list[float]:
            times = []
            for _ in range(calls):
                started = time.perf_counter_ns()
                proxy = made(subject, manager, registered=False)
                times.append((time.perf_counter_ns() - started) / 1_000)
                del proxy
            return times

        yield sample


REGISTERED = Peer("a registered object's method", using(lambda counting: counting.add(1), registered=True), at_most=1.1)
ONE_BY_ONE = Peer("a call for each item", using(item_by_item), at_most=1 / 20)

ROWS = [
    Row(
        "method call of a created object",
        using(lambda counting: counting.add(1)),
        calls=1_000,
        bar=1.5,
        peers=(REGISTERED,),
    ),
    Row("attribute of a created object", using(attribute), calls=1_000, bar=1.5, peers=(REGISTERED,)),
    Row("property of a created object", using(prop), calls=1_000, bar=1.5, peers=(REGISTERED,)),
    Row("create() an object", create, calls=50, bar=10),
    Row(
        "iterate a generator of 10,000 items",
        using(lambda counting: sum(counting.numbers(ITEMS))),
        calls=2,
        bar=20,
        peers=(ONE_BY_ONE,),
        heavy=True,
    ),
]
