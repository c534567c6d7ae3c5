import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from manor._server.adapters import adapt
from manor._server.calls import bury
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, clients, waiting_on, watch


class Simple:
    """A SimpleQueue as the server sees it."""

    def __init__(self) -> None:
        self.subject: queue.SimpleQueue[Any] = queue.SimpleQueue()
        inside: Any = adapt(self.subject)
        self.inside = inside
        self.until_waiting = watch(self.inside._changed)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = self.inside.method(name) or getattr(self.subject, name)
        return method


@pytest.fixture
def simple() -> Iterator[Simple]:
    made = Simple()
    yield made
    made.subject.put("for the fetcher, who goes home then")


def test_a_simple_queue_says_what_it_says(simple: Simple) -> None:
    with clients(1) as (client,):
        assert isinstance(client.start(simple.get, True, -1).error(), ValueError)
        assert isinstance(client.start(simple.get, True, 0).error(), queue.Empty)
        assert isinstance(client.start(simple.get_nowait).error(), queue.Empty)
        assert isinstance(client.start(simple.get, False).error(), queue.Empty)
        for item in (1, 2, 3, 4):
            client.run(simple.put, item)
        assert client.run(simple.get) == 1
        assert client.run(simple.get, timeout=1) == 2
        assert client.run(simple.get_nowait) == 3
    assert simple.get() == 4


def test_getters_of_a_simple_queue_are_served_in_turn(simple: Simple) -> None:
    with clients(3) as them:
        pending = []
        for client in them:
            pending.append(client.start(simple.get, True, LIMIT_S))
            simple.until_waiting(len(pending))
        for item in (1, 2, 3):
            simple.subject.put(item)
        assert [one.result() for one in pending] == [1, 2, 3]


def test_a_cancelled_get_of_a_simple_queue_takes_nothing(simple: Simple) -> None:
    with clients(2) as (gone, other):
        one = gone.start(simple.get)
        simple.until_waiting(1)
        one.cancel()
        assert isinstance(one.error(), Abandoned)
        simple.subject.put("first")
        simple.subject.put("second")
        assert other.run(simple.get) == "first"
        assert other.run(simple.get) == "second"


def test_a_get_of_a_simple_queue_may_run_out_of_time(simple: Simple) -> None:
    with clients(1) as (client,):
        assert isinstance(client.start(simple.get, True, 0.001).error(), queue.Empty)
        simple.subject.put("item")
        assert client.run(simple.get) == "item"


def test_what_is_fetched_for_somebody_who_has_gone_goes_to_the_next(simple: Simple) -> None:
    with clients(2) as (gone, other):
        one = gone.start(simple.get)
        simple.until_waiting(1)
        pending = other.start(simple.get)
        simple.until_waiting(2)
        with simple.inside._changed:
            simple.inside._deliver("item")
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert pending.result() == "item"


def test_an_item_of_a_simple_queue_goes_back_to_the_front(simple: Simple) -> None:
    for item in (1, 2, 3):
        simple.put(item)
    with clients(1) as (client,):
        client.lose(simple.get)
        client.lose(simple.get_nowait)
    assert [simple.subject.get() for _ in range(3)] == [1, 2, 3]


def test_an_item_of_a_simple_queue_that_comes_back_goes_to_who_waits(simple: Simple) -> None:
    simple.put("item")
    with clients(2) as (loser, other):
        lost = loser.start(simple.get)
        lost.result()
        pending = other.start(simple.get)
        simple.until_waiting(1)
        loser.undo(lost)
        assert pending.result() == "item"


def test_a_dead_process_gets_nothing_of_a_simple_queue(simple: Simple) -> None:
    simple.put("item")
    with clients(1) as (dead,):
        bury(dead.process)
        assert isinstance(dead.start(simple.get).error(), Abandoned)
    assert simple.subject.qsize() == 1


def test_one_thread_fetches_for_all(simple: Simple) -> None:
    before = threading.active_count()
    with clients(5) as them:
        pending = [client.start(simple.get) for client in them]
        simple.until_waiting(5)
        assert threading.active_count() == before + 5 + 1
        for item in range(5):
            simple.put(item)
        assert sorted(one.result() for one in pending) == list(range(5))
    assert not waiting_on(simple.inside._changed)
