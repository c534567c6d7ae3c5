"""Semaphores, events, results of pools; and what needs no adapter."""

import threading
from collections.abc import Callable, Iterator
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from manor._server.adapters import adapt
from manor._server.calls import bury
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, clients, linger_on_waking, waiting_on, watch

SEMAPHORES: list[type[Any]] = [threading.Semaphore, threading.BoundedSemaphore]


class Hosted:
    """A semaphore as the server sees it."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        adapter = adapt(subject)
        assert adapter is not None
        self.adapter = adapter
        self.until_waiting = watch(subject._cond)

    def __call__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = self.adapter.method(name) or getattr(self.subject, name)
        return method

    @property
    def value(self) -> int:
        value: int = self.subject._value
        return value


@pytest.fixture(params=SEMAPHORES, ids=lambda kind: str(kind.__name__))
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_a_semaphore_behaves_as_ever(kind: Any) -> None:
    hosted = Hosted(kind(2))
    with clients(2) as (client, other):
        assert client.run(hosted("acquire")) is True
        assert client.run(hosted("__enter__")) is True
        assert client.run(hosted("acquire"), False) is False
        assert client.run(hosted("acquire"), timeout=0.001) is False
        assert isinstance(client.start(hosted("acquire"), False, 1).error(), ValueError)
        pending = other.start(hosted("acquire"))
        hosted.until_waiting(1)
        client.run(hosted("__exit__"), None, None, None)
        assert pending.result() is True
        client.run(hosted("release"), 2)
        assert hosted.value == 2
        assert isinstance(client.start(hosted("release"), 0).error(), ValueError)
        assert isinstance(client.start(hosted("release")).error(), ValueError) == (kind is SEMAPHORES[1])


def test_a_cancelled_acquire_of_a_semaphore_takes_nothing(kind: Any) -> None:
    hosted = Hosted(kind(1))
    begin = threading.Event()
    with clients(2) as (gone, other):
        gone.start(begin.wait)
        early = gone.start(hosted("acquire"))
        early.cancel()
        begin.set()
        assert isinstance(early.error(), Abandoned)
        other.run(hosted("acquire"))
        pending = gone.start(hosted("acquire"))
        hosted.until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        other.run(hosted("release"))
        assert hosted.value == 1


def test_a_permit_that_comes_for_somebody_who_has_gone_goes_to_the_next(kind: Any) -> None:
    hosted = Hosted(kind(1))
    hosted.subject.acquire()
    with clients(2) as (gone, other):
        one = gone.start(hosted("acquire"))
        hosted.until_waiting(1)
        pending = other.start(hosted("acquire"))
        hosted.until_waiting(2)
        with hosted.subject._cond:
            hosted.subject._value += 1
            hosted.subject._cond.notify()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert pending.result() is True


@pytest.mark.parametrize("method", ["acquire", "__enter__"])
def test_a_permit_whose_taker_never_learnt_of_it_comes_back_once(kind: Any, method: str) -> None:
    hosted = Hosted(kind(2))
    with clients(1) as (loser,):
        loser.lose(hosted(method))
        assert hosted.value == 2
        hosted.adapter.release_dead(loser.process)
        assert hosted.value == 2


def test_undo_and_death_together_give_one_permit_back(kind: Any) -> None:
    hosted = Hosted(kind(2))
    with clients(2) as (dead, other):
        lost = dead.start(hosted("__enter__"))
        lost.result()
        other.run(hosted("acquire"))
        hosted.adapter.release_dead(dead.process)
        assert hosted.value == 1
        dead.undo(lost)
        assert hosted.value == 1


def test_a_killed_process_gives_back_what_it_cannot_have_meant_to_keep(kind: Any) -> None:
    hosted = Hosted(kind(5))
    with clients(2) as (dead, other):
        for method in ("acquire", "acquire", "__enter__", "__enter__"):
            dead.run(hosted(method))
        dead.run(hosted("__exit__"), None, None, None)
        other.run(hosted("acquire"))
        hosted.adapter.release_dead(dead.process)
        assert hosted.value == (2 if kind is threading.Semaphore else 4)


def test_what_another_process_released_is_not_given_back_again() -> None:
    hosted = Hosted(threading.BoundedSemaphore(2))
    with clients(3) as (dead, releaser, other):
        dead.run(hosted("acquire"))
        releaser.run(hosted("release"))
        other.run(hosted("acquire"))
        hosted.adapter.release_dead(dead.process)
        assert hosted.value == 1


def test_what_a_thread_of_the_server_released_does_not_overflow() -> None:
    hosted = Hosted(threading.BoundedSemaphore(1))
    with clients(1) as (dead,):
        dead.run(hosted("acquire"))
        hosted.subject.release()
        hosted.adapter.release_dead(dead.process)
        assert hosted.value == 1


def test_a_process_that_dies_while_it_gets_a_permit_does_not_keep_it(kind: Any) -> None:
    hosted = Hosted(kind(1))
    with clients(1) as (dead,):
        acquire = hosted.subject.acquire

        def die_and_acquire(*args: Any) -> bool:
            bury(dead.process)
            result: bool = acquire(*args)
            return result

        hosted.subject.acquire = die_and_acquire
        assert isinstance(dead.start(hosted("acquire")).error(), Abandoned)
    assert hosted.value == 1


def test_the_servers_own_threads_take_and_give_permits_as_ever(kind: Any) -> None:
    hosted = Hosted(kind(1))
    assert hosted("acquire")() is True
    hosted("release")()
    assert hosted.value == 1


def test_a_semaphore_with_methods_of_its_own_is_only_made_cancellable() -> None:
    class Mine(threading.Semaphore):
        def release(self, n: int = 1) -> None:
            super().release(n)

    hosted = Hosted(Mine(0))
    assert hosted.adapter.method("acquire") is None
    with clients(1) as (client,):
        pending = client.start(hosted("acquire"))
        hosted.until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)


def test_an_event_is_cancellable_and_wakes_nobody_in_vain() -> None:
    event = threading.Event()
    adapter = adapt(event)
    assert adapter is not None
    assert adapter.method("wait") is None
    condition = event._cond  # type: ignore[attr-defined]
    until_waiting = watch(condition)
    with clients(2) as (gone, other):
        resume = linger_on_waking(condition, gone)
        one = gone.start(event.wait)
        until_waiting(1)
        event.set()
        event.clear()
        one.cancel()
        pending = other.start(event.wait)
        until_waiting(1)
        resume()
        assert isinstance(one.error(), Abandoned)
        assert waiting_on(condition) == 1
        adapter.release_dead(gone.process)
        event.set()
        assert pending.result() is True


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    made = ThreadPool(1)
    yield made
    made.terminate()
    made.join()


def test_results_of_a_pool_are_cancellable(pool: ThreadPool) -> None:
    go = threading.Event()
    result = pool.apply_async(go.wait, (LIMIT_S,))
    assert adapt(result) is not None
    until_waiting = watch(result._event._cond)  # type: ignore[attr-defined]
    with clients(2) as (first, second):
        for method in (result.get, result.wait):
            pending = first.start(method)
            until_waiting(1)
            pending.cancel()
            assert isinstance(pending.error(), Abandoned)
        last = second.start(result.get)
        go.set()
        assert last.result() is True
        assert first.run(result.get) is True


def test_an_iterator_over_results_is_cancellable_and_a_lost_result_comes_back(pool: ThreadPool) -> None:
    go = threading.Event()

    def wait_at_the_end(number: int) -> int:
        if number == 3:
            assert go.wait(LIMIT_S)
        return number

    results: Any = pool.imap(wait_at_the_end, range(4))
    adapter = adapt(results)
    assert adapter is not None
    step = adapter.method("__next__")
    assert step is not None
    assert adapter.method("next") is not None
    until_waiting = watch(results._cond)
    with clients(1) as (client,):
        assert client.run(step) == 0
        assert client.lose(step) == 1
        assert client.run(step) == 1
        assert client.run(step) == 2
        pending = client.start(step)
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        go.set()
        assert client.run(step) == 3
        assert not waiting_on(results._cond)
        with pytest.raises(StopIteration):
            step()


def test_other_objects_need_no_adapter() -> None:
    for subject in (object(), [], {}, 1, threading.Thread()):
        assert adapt(subject) is None


def test_a_condition_with_a_wait_of_its_own_is_left_alone() -> None:
    class Mine(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(timeout)

    mine = Mine()
    adapt(mine)
    assert "wait" not in vars(mine)
