"""Any sequence of operations on a queue that do not wait does what it does to those of ``queue``."""

import queue
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from manor._resident import queues as resident
from manor._server import queues as served
from tests.unit.resident.arenas import make_arena

KINDS = ["Queue", "LifoQueue", "PriorityQueue"]
ITEMS = st.integers(-5, 5)


def outcome(action: Callable[[Any], Any], subject: Any) -> tuple[Any, ...]:
    """What an action returns, or the type of what it raises, and how many items it put before."""
    try:
        return "returns", action(subject)
    except Exception as error:
        return "raises", type(error), getattr(error, "items_put", None)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.arena = make_arena()

    @initialize(kind=st.sampled_from(KINDS), maxsize=st.integers(-1, 4))
    def start(self, kind: str, maxsize: int) -> None:
        self.face: Any = getattr(resident, kind).create(self.arena, maxsize)
        self.served: Any = getattr(served, kind)(maxsize)
        self.model: Any = getattr(queue, kind)(maxsize)
        self.is_shut_down = False

    def both(self, action: Callable[[Any], Any]) -> None:
        """What the standard library has, until it is shut down, which only the newest can be."""
        found = outcome(action, self.face)
        assert found == outcome(action, self.served)
        if not self.is_shut_down:
            assert found == outcome(action, self.model)

    def ours(self, action: Callable[[Any], Any], model: Callable[[Any], Any]) -> None:
        found = outcome(action, self.face)
        assert found == outcome(action, self.served)
        if not self.is_shut_down:
            assert found == outcome(model, self.model)

    @rule(item=ITEMS)
    def puts(self, item: int) -> None:
        self.both(lambda one: one.put_nowait(item))
        self.both(lambda one: one.put(item, False))
        self.both(lambda one: one.put(item, timeout=0))

    @rule()
    def gets(self) -> None:
        self.both(lambda one: one.get_nowait())
        self.both(lambda one: one.get(False))
        self.both(lambda one: one.get(timeout=0))

    @rule(items=st.lists(ITEMS, max_size=6))
    def puts_many(self, items: list[int]) -> None:
        def model(one: Any) -> None:
            for done, item in enumerate(items):
                try:
                    one.put_nowait(item)
                except queue.Full as error:
                    error.items_put = done  # type: ignore[attr-defined]
                    raise

        self.ours(lambda one: one.put_many(items, False), model)

    @rule(most=st.integers(0, 5))
    def gets_many(self, most: int) -> None:
        def model(one: Any) -> list[int]:
            if most == 0:
                raise ValueError
            return [one.get_nowait(), *[one.get_nowait() for _ in range(min(most - 1, one.qsize()))]]

        self.ours(lambda one: one.get_many(most, False), model)

    @rule()
    def is_done(self) -> None:
        self.both(lambda one: one.task_done())

    @rule(immediate=st.booleans())
    def shuts_down(self, immediate: bool) -> None:
        self.is_shut_down = True
        self.ours(lambda one: one.shutdown(immediate), lambda _: None)

    @rule(timeout=st.sampled_from([-1, -0.5]))
    def refuses_negative_timeouts(self, timeout: float) -> None:
        if not self.is_shut_down:  # which of the two is raised does not matter
            self.both(lambda one: one.get(timeout=timeout))
            self.both(lambda one: one.put(1, timeout=timeout))

    @invariant()
    def counts_the_same(self) -> None:
        self.both(lambda one: (one.qsize(), one.empty(), one.full(), one.maxsize))
        assert self.face._counts()[1] == self.served.unfinished_tasks


Machine.TestCase.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestAnySequenceOfOperations = Machine.TestCase
