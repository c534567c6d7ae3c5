import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from manor._server.adapters import adapt
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, clients, watch

KINDS: list[type[Any]] = [queue.Queue, queue.LifoQueue, queue.PriorityQueue]


class Hosted:
    """A queue as the server sees it: its own methods, where the adapter does not replace them."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        adapter = adapt(subject)
        assert adapter is not None
        self.adapter = adapter

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = self.adapter.method(name) or getattr(self.subject, name)
        return method


@pytest.fixture(params=KINDS, ids=lambda kind: str(kind.__name__))
def hosted(request: pytest.FixtureRequest) -> Hosted:
    return Hosted(request.param())


def in_thread(function: Callable[[], Any]) -> "Future[Any]":
    """Run it in a thread of the server's own."""
    future: Future[Any] = Future()
    threading.Thread(target=lambda: future.set_result(function())).start()
    return future


def drained(hosted: Hosted) -> list[Any]:
    items = []
    while not hosted.subject.empty():
        items.append(hosted.subject.get_nowait())
    return items


def test_what_a_call_says_of_arguments_and_emptiness_is_what_the_queue_says(hosted: Hosted) -> None:
    with clients(1) as (client,):
        assert isinstance(client.start(hosted.get, True, -1).error(), ValueError)
        assert isinstance(client.start(hosted.get, True, 0.001).error(), queue.Empty)
        assert isinstance(client.start(hosted.get, False).error(), queue.Empty)
        assert isinstance(client.start(hosted.get_nowait).error(), queue.Empty)
        client.run(hosted.put, 1)
        assert client.run(hosted.get, timeout=1) == 1


def test_a_cancelled_get_takes_no_item(hosted: Hosted) -> None:
    until_waiting = watch(hosted.subject.not_empty)
    with clients(2) as (gone, other):
        pending = gone.start(hosted.get)
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        other.run(hosted.put, "item")
        assert hosted.subject.qsize() == 1
        assert other.run(hosted.get) == "item"


def test_a_get_cancelled_before_it_began_takes_no_item(hosted: Hosted) -> None:
    begin = threading.Event()
    hosted.put("item")
    with clients(1) as (client,):
        client.start(begin.wait)
        pending = client.start(hosted.get)
        pending.cancel()
        begin.set()
        assert isinstance(pending.error(), Abandoned)
    assert drained(hosted) == ["item"]


@pytest.mark.parametrize("waits_ordinarily", [True, False])
def test_a_get_cancelled_when_its_item_has_come_leaves_it_to_the_next(hosted: Hosted, waits_ordinarily: bool) -> None:
    until_waiting = watch(hosted.subject.not_empty)
    with clients(2) as (gone, other):
        one = gone.start(hosted.get)
        until_waiting(1)
        if waits_ordinarily:
            received: Future[Any] = in_thread(hosted.subject.get)
        else:
            received = other.start(hosted.get).future
        until_waiting(2)
        with hosted.subject.mutex:
            hosted.subject._put("item")
            hosted.subject.unfinished_tasks += 1
            hosted.subject.not_empty.notify()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert received.result(LIMIT_S) == "item"


def test_an_item_whose_getter_never_learnt_of_it_goes_back_to_its_place(hosted: Hosted) -> None:
    for item in (1, 2, 3):
        hosted.put(item)
    expected = {"Queue": [1, 2, 3], "LifoQueue": [3, 2, 1], "PriorityQueue": [1, 2, 3]}
    with clients(1) as (client,):
        for get in (hosted.get, hosted.get_nowait):
            assert client.lose(get) == expected[type(hosted.subject).__name__][0]
    assert hosted.subject.unfinished_tasks == 3
    assert drained(hosted) == expected[type(hosted.subject).__name__]


def test_an_item_that_comes_back_wakes_a_getter(hosted: Hosted) -> None:
    until_waiting = watch(hosted.subject.not_empty)
    hosted.put("item")
    with clients(2) as (loser, other):
        lost = loser.start(hosted.get)
        lost.result()
        pending = other.start(hosted.get)
        until_waiting(1)
        loser.undo(lost)
        assert pending.result() == "item"


def test_an_item_comes_back_into_a_queue_that_is_full_meanwhile() -> None:
    hosted = Hosted(queue.Queue(maxsize=1))
    until_waiting = watch(hosted.subject.not_full)
    hosted.put("first")
    with clients(2) as (loser, other):
        lost = loser.start(hosted.get)
        lost.result()
        other.run(hosted.put, "second")
        loser.undo(lost)
        assert hosted.subject.qsize() == 2
        pending = other.start(hosted.put, "third")
        until_waiting(1)
        assert hosted.subject.get() == "first"
        assert hosted.subject.get() == "second"
        pending.result()
        assert hosted.subject.get() == "third"


def test_a_cancelled_put_puts_nothing() -> None:
    hosted = Hosted(queue.Queue(maxsize=1))
    until_waiting = watch(hosted.subject.not_full)
    hosted.put("first")
    with clients(2) as (gone, other):
        pending = gone.start(hosted.put, "second")
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        assert other.run(hosted.get) == "first"
        assert hosted.subject.empty()
        assert hosted.subject.unfinished_tasks == 1


def test_a_put_cancelled_when_it_is_its_turn_lets_the_next_one_put() -> None:
    hosted = Hosted(queue.Queue(maxsize=1))
    until_waiting = watch(hosted.subject.not_full)
    hosted.put("first")
    with clients(2) as (gone, other):
        one = gone.start(hosted.put, "second")
        until_waiting(1)
        pending = other.start(hosted.put, "third")
        until_waiting(2)
        with hosted.subject.mutex:
            hosted.subject._get()
            hosted.subject.not_full.notify()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        pending.result()
        assert hosted.subject.get() == "third"


def test_a_put_stays_though_its_answer_is_lost(hosted: Hosted) -> None:
    with clients(1) as (client,):
        client.lose(hosted.put, "item")
    assert drained(hosted) == ["item"]


def test_put_says_full_as_the_queue_does() -> None:
    hosted = Hosted(queue.Queue(maxsize=1))
    with clients(1) as (client,):
        client.run(hosted.put, 1)
        assert isinstance(client.start(hosted.put_nowait, 2).error(), queue.Full)
        assert isinstance(client.start(hosted.put, 2, True, 0.001).error(), queue.Full)
        assert isinstance(client.start(hosted.put, 2, True, -1).error(), ValueError)


def test_a_cancelled_join_ends_and_a_waiting_one_ends_when_all_is_done(hosted: Hosted) -> None:
    until_waiting = watch(hosted.subject.all_tasks_done)
    hosted.put("item")
    with clients(2) as (gone, other):
        one = gone.start(hosted.join)
        until_waiting(1)
        one.cancel()
        assert isinstance(one.error(), Abandoned)
        pending = other.start(hosted.join)
        until_waiting(1)
        hosted.subject.get()
        hosted.subject.task_done()
        pending.result()


@pytest.mark.skipif(not hasattr(queue, "ShutDown"), reason="3.13 brought shutdown")
@pytest.mark.parametrize("immediate", [True, False])
def test_shutting_down_ends_waits_and_an_item_that_comes_back_can_still_be_had(immediate: bool) -> None:
    hosted = Hosted(queue.Queue())
    until_waiting = watch(hosted.subject.not_empty)
    shut_down: type[Exception] = getattr(queue, "ShutDown")  # noqa: B009 - unknown to older versions
    hosted.put("item")
    with clients(2) as (loser, other):
        lost = loser.start(hosted.get)
        lost.result()
        pending = other.start(hosted.get)
        until_waiting(1)
        hosted.subject.shutdown(immediate)
        assert isinstance(pending.error(), shut_down)
        assert isinstance(other.start(hosted.put, 1).error(), shut_down)
        loser.undo(lost)
        assert other.run(hosted.get) == "item"
        assert isinstance(other.start(hosted.get).error(), shut_down)


class Newest(queue.Queue[int]):
    """Gives out the latest first, by a discipline of its own."""

    def _init(self, maxsize: int) -> None:
        self.kept: list[int] = []

    def _qsize(self) -> int:
        return len(self.kept)

    def _put(self, item: int) -> None:
        self.kept.append(item)

    def _get(self) -> int:
        return self.kept.pop()


def test_a_subclass_with_a_discipline_of_its_own_gets_the_item_back_in_its_way() -> None:
    hosted = Hosted(Newest())
    for item in (1, 2):
        hosted.put(item)
    with clients(1) as (client,):
        assert client.lose(hosted.get) == 2
        assert client.run(hosted.get) == 2


class Doubling(queue.Queue[int]):
    def get(self, block: bool = True, timeout: float | None = None) -> int:
        return 2 * super().get(block, timeout)


class Polite(queue.Queue[int]):
    def get_nowait(self) -> int:
        return 2 * super().get_nowait()


def test_a_get_of_the_users_own_is_called_and_cancellable_and_not_undone() -> None:
    hosted = Hosted(Doubling())
    assert hosted.adapter.method("get") is None
    assert hosted.adapter.method("get_nowait") is None
    until_waiting = watch(hosted.subject.not_empty)
    with clients(1) as (client,):
        pending = client.start(hosted.get)
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        hosted.put(21)
        assert client.lose(hosted.get) == 42
    assert hosted.subject.empty()


def test_other_methods_of_the_users_own_are_called() -> None:
    hosted = Hosted(Polite())
    assert hosted.adapter.method("get") is not None
    assert hosted.adapter.method("get_nowait") is None
    shadowed: Any = queue.Queue()
    shadowed.get = lambda: "mine"
    adapter = adapt(shadowed)
    assert adapter is not None
    assert adapter.method("get") is None


def test_methods_that_neither_block_nor_take_are_the_queues_own(hosted: Hosted) -> None:
    for name in ("put", "put_nowait", "join", "task_done", "qsize", "empty", "full"):
        assert hosted.adapter.method(name) is None


def test_the_servers_own_threads_may_call_the_methods_that_clients_do(hosted: Hosted) -> None:
    hosted.put(1)
    assert hosted.get() == 1
