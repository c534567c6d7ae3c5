"""Queues do what those of `queue` do, by every way to reach them, and what those do not."""

import gc
import multiprocessing
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import manor
from manor._proxy.queues import QueueProxy
from manor.managers import SyncManager
from tests.conformance.subjects import (
    CHEAP,
    CONTAINERS,
    LIMIT_S,
    MANOR_FORK,
    MANOR_SPAWN,
    MANOR_TCP,
    Subject,
    on,
    outcome,
    standard_library_fails,
)

EVERYWHERE, OURS = on(*CHEAP), on(*CONTAINERS)
STANDARD_KINDS = pytest.mark.parametrize("kind", ["Queue", "JoinableQueue"])
KINDS = pytest.mark.parametrize("kind", ["Queue", "JoinableQueue", "LifoQueue", "PriorityQueue"])
METHODS = ["put", "get", "put_nowait", "get_nowait", "qsize", "empty", "full", "task_done", "join"]


def result(future: Future[Any]) -> Any:
    return future.result(LIMIT_S)


@EVERYWHERE
@STANDARD_KINDS
def test_calls_that_do_not_wait_do_what_those_of_queue_do(subject: Subject, manager: Any, kind: str) -> None:
    calls: list[Callable[[Any], object]] = [
        lambda jobs: jobs.get_nowait(),
        lambda jobs: jobs.get(False),
        lambda jobs: jobs.get(True, 0.01),
        lambda jobs: jobs.get(timeout=-1),
        lambda jobs: jobs.task_done(),
        lambda jobs: jobs.put(1),
        lambda jobs: jobs.put("two", block=False),
        lambda jobs: (jobs.full(), jobs.empty(), jobs.qsize()),
        lambda jobs: jobs.put_nowait(3),
        lambda jobs: jobs.put(3, timeout=0.01),
        lambda jobs: jobs.put(3, True, -1),
        lambda jobs: jobs.get(),
        lambda jobs: jobs.get(block=False),
        lambda jobs: (jobs.full(), jobs.empty(), jobs.qsize()),
        lambda jobs: jobs.task_done(),
        lambda jobs: jobs.task_done(),
        lambda jobs: jobs.join(),
        lambda jobs: jobs.task_done(),
    ]
    jobs, model = getattr(manager, kind)(2), queue.Queue[Any](2)
    for call in calls:
        assert outcome(call, jobs) == outcome(call, model)


@standard_library_fails("a class is made for each proxy", on=CHEAP)
@STANDARD_KINDS
def test_a_queue_is_a_queue_proxy(subject: Subject, manager: Any, kind: str) -> None:
    jobs = getattr(manager, kind)()
    assert isinstance(jobs, QueueProxy)
    assert repr(jobs).startswith(f"<QueueProxy object, typeid '{kind}' at 0x")


@EVERYWHERE
@STANDARD_KINDS
def test_a_proxy_exposes_what_the_standard_librarys_does(subject: Subject, manager: Any, kind: str) -> None:
    jobs = getattr(manager, kind)()
    assert [name for name in METHODS if not callable(getattr(jobs, name))] == []
    assert set(METHODS) <= set(jobs._exposed_)


def serve(jobs: Any, results: Any) -> None:
    while (number := jobs.get()) is not None:
        results.put(number * 2)
        jobs.task_done()
    jobs.task_done()


@EVERYWHERE
def test_processes_work_on_the_same_queue(subject: Subject, manager: Any) -> None:
    jobs, results = manager.JoinableQueue(3), manager.Queue()
    context = subject.context
    workers = [context.Process(target=serve, args=(jobs, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for number in [*range(50), None, None]:
        jobs.put(number)
    jobs.join()
    for worker in workers:
        worker.join(LIMIT_S)
        worker.close()
    assert sorted(results.get() for _ in range(50)) == [number * 2 for number in range(50)]


@EVERYWHERE
def test_proxies_travel_through_a_queue(subject: Subject, manager: Any) -> None:
    jobs, inner = manager.Queue(), manager.list([1])
    jobs.put([inner, "beside"])
    found, _ = jobs.get()
    found.append(2)
    assert inner[:] == [1, 2]


@OURS
@KINDS
def test_many_items_are_put_and_taken_at_a_time(subject: Subject, manager: Any, kind: str) -> None:
    jobs = getattr(manager, kind)(5)
    jobs.put_many(iter([1, 2, 3]))
    with pytest.raises(queue.Full) as caught:
        jobs.put_many([4, 5, 6], block=False)
    assert caught.value.items_put == 2  # type: ignore[attr-defined]
    first = jobs.get_many(2)
    assert first == ([5, 4] if kind == "LifoQueue" else [1, 2])
    assert sorted(first + jobs.get_many(100)) == [1, 2, 3, 4, 5]
    with pytest.raises(queue.Empty):
        jobs.get_many(1, timeout=0.01)
    for none in (0, -1):
        with pytest.raises(ValueError, match="max_items"):
            jobs.get_many(none)
    assert jobs.maxsize == 5


def fail_to_come() -> None:
    raise LookupError("not here")


class Unloadable:
    """Can be sent, and not be received."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return fail_to_come, ()


@on(MANOR_FORK, MANOR_SPAWN)  # through the server, such an item is not even put
@pytest.mark.parametrize("kind", ["Queue", "JoinableQueue", "LifoQueue"])
def test_what_is_taken_beside_an_item_that_cannot_be_loaded_is_put_back(
    subject: Subject, manager: Any, kind: str
) -> None:
    jobs = getattr(manager, kind)()
    jobs.put_many([0, 1, Unloadable(), 2, 3])
    with pytest.raises(LookupError, match="not here"):
        jobs.get_many(100)
    assert jobs.get_many(100) == ([3, 2, 1, 0] if kind == "LifoQueue" else [0, 1, 2, 3])


@OURS
@KINDS
def test_a_negative_timeout_puts_nothing(subject: Subject, manager: Any, kind: str) -> None:
    jobs = getattr(manager, kind)(1)
    with pytest.raises(ValueError, match="timeout"):
        jobs.put_many([1, 2], timeout=-1)
    assert jobs.empty()


@OURS
@KINDS
def test_a_queue_can_be_shut_down(subject: Subject, manager: Any, kind: str) -> None:
    jobs, full = getattr(manager, kind)(), getattr(manager, kind)(1)
    full.put(1)
    with ThreadPoolExecutor(4) as others:
        calls = [others.submit(jobs.get), others.submit(full.put, 2), others.submit(full.join)]
        jobs.shutdown()
        full.shutdown(immediate=True)
        for call in calls[:2]:
            assert isinstance(call.exception(LIMIT_S), manor.ShutDown)
        result(calls[2])
    for refused in (jobs.get, full.get_nowait, lambda: jobs.put(1), lambda: full.put_many([1, 2])):
        with pytest.raises(manor.ShutDown):
            refused()


@OURS
def test_what_is_in_a_queue_that_was_shut_down_is_still_there(subject: Subject, manager: Any) -> None:
    jobs = manager.Queue()
    jobs.put_many([1, 2])
    jobs.shutdown()
    assert [jobs.get(), jobs.get()] == [1, 2]
    with pytest.raises(manor.ShutDown):
        jobs.get()


@OURS
def test_kinds_give_items_in_their_order(subject: Subject, manager: Any) -> None:
    for kind, order in [("SimpleQueue", [2, 1, 3]), ("LifoQueue", [3, 1, 2]), ("PriorityQueue", [1, 2, 3])]:
        jobs = getattr(manager, kind)()
        for item in (2, 1, 3):
            jobs.put(item)
        assert [jobs.get() for _ in range(3)] == order


@OURS
def test_a_simple_queue_has_fewer_methods(subject: Subject, manager: Any) -> None:
    jobs = manager.SimpleQueue()
    jobs.put(1, False, None)
    assert (jobs.qsize(), jobs.empty(), jobs.get(), jobs.empty()) == (1, False, 1, True)
    assert not {"join", "task_done", "full"} & set(jobs._exposed_)


@on(MANOR_FORK, MANOR_TCP)
def test_queues_can_have_names(subject: Subject, manager: SyncManager) -> None:
    gc.collect()  # what other tests left in circles, as an exception and its traceback are
    jobs = manager.Queue(name="jobs")
    jobs.put(1)
    assert manager.get("jobs").get() == 1
    assert manager.stats()["objects"]["Queue"] == 1
    manager.remove("jobs")


@OURS
def test_a_process_killed_while_it_waits_takes_nothing(subject: Subject, manager: Any) -> None:
    jobs, ready = manager.Queue(), subject.context.Barrier(2)
    for _ in range(3):
        waiter = subject.context.Process(target=_wait_for, args=(jobs, ready))
        waiter.start()
        ready.wait(LIMIT_S)
        waiter.kill()
        waiter.join(LIMIT_S)
        waiter.close()
    with ThreadPoolExecutor(1) as others:
        getter = others.submit(jobs.get)
        jobs.put("the item")
        assert result(getter) == "the item"


def _wait_for(jobs: Any, ready: Any) -> None:
    threading.Thread(target=jobs.get, daemon=True).start()
    ready.wait(LIMIT_S)
    multiprocessing.Event().wait()
