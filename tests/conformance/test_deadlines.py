"""Deadlines that the client keeps, on top of what a method itself was asked to wait."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import manor
from tests.conformance.freezing import EARLY_S, LATE_S, SHORT_S, answers, by, frozen, in_new_thread, times_out
from tests.conformance.subjects import LIMIT_S, MANOR, MANOR_FORK, MANOR_SPAWN, MANOR_TCP, Subject, on

# The standard library is left out throughout: it has no deadlines, and hangs where these tests expect a CallTimeout.


TIMEOUT_S = 0.5  # of the manager; shorter than a busy machine takes for an answer it must not be


@pytest.fixture(scope="module")
def impatient(subject: Subject) -> Iterator[Any]:
    """A manager with a timeout of its own."""
    with subject.manager(timeout=TIMEOUT_S) as started:
        yield started


@on(*MANOR)
def test_the_managers_own_timeout_does_the_same(subject: Subject, impatient: Any) -> None:
    echo = impatient.Thawed()
    assert answers(echo)
    with frozen(subject.server_pid(impatient)):
        with times_out(TIMEOUT_S):
            echo.echo("lost")
        with times_out(TIMEOUT_S):
            in_new_thread(echo.echo, "lost")
        with times_out(TIMEOUT_S):
            impatient.Thawed()
    assert answers(echo)


# Waits that were asked for


@on(*MANOR)
def test_asked_waits_are_added_to_the_timeout(subject: Subject, impatient: Any) -> None:
    asked_s = TIMEOUT_S + 0.2
    taken, full, empty = impatient.Semaphore(0), impatient.Queue(1), impatient.Queue()
    full.put(0)

    def condition_wait() -> bool:
        with impatient.Condition() as _, condition:
            return bool(condition.wait(asked_s))

    def barrier_wait() -> None:
        impatient.Barrier(2).wait(asked_s)

    condition = impatient.Condition()
    waits: dict[Callable[[], object], object] = {
        lambda: taken.acquire(True, asked_s): False,
        lambda: taken.acquire(timeout=asked_s): False,
        lambda: in_new_thread(held_lock(impatient).acquire, True, asked_s): False,
        lambda: impatient.Event().wait(asked_s): False,
        lambda: impatient.Event().wait(timeout=asked_s): False,
        lambda: empty.get(True, asked_s): queue.Empty,
        lambda: empty.get(timeout=asked_s): queue.Empty,
        lambda: full.put(1, True, asked_s): queue.Full,
        lambda: full.put(1, timeout=asked_s): queue.Full,
        lambda: empty.get(block=True, timeout=asked_s): queue.Empty,
        condition_wait: False,
        barrier_wait: threading.BrokenBarrierError,
    }
    with ThreadPoolExecutor(len(waits)) as pool:
        calls = [(pool.submit(timed, wait), expected) for wait, expected in waits.items()]
        for call, expected in calls:
            result, elapsed_s = call.result(LIMIT_S)
            assert result == expected
            assert asked_s - EARLY_S <= elapsed_s < asked_s + TIMEOUT_S


def held_lock(manager: Any) -> Any:
    lock = manager.Lock()
    assert lock.acquire()
    return lock


def timed(function: Callable[[], object]) -> tuple[object, float]:
    """Return a function's result, or the class of its exception, and how long it took."""
    start = time.monotonic()
    try:
        result = function()
    except Exception as error:
        result = type(error)
    return result, time.monotonic() - start


@on(*MANOR)
def test_a_frozen_server_is_a_timeout_after_the_wait_that_was_asked_for(subject: Subject, impatient: Any) -> None:
    items = impatient.ServedQueue()
    with frozen(subject.server_pid(impatient)), times_out(TIMEOUT_S + SHORT_S):
        items.get(timeout=SHORT_S)
    with times_out(2 * SHORT_S), frozen(subject.server_pid(impatient)), manor.deadline(SHORT_S):
        items.get(timeout=SHORT_S)
    items.put(1)
    assert items.get() == 1


@on(*MANOR)
def test_a_wait_without_limit_goes_on_as_long_as_the_server_answers(
    subject: Subject, impatient: Any, manager: Any
) -> None:
    items, clock = impatient.ServedQueue(), manager.Event()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(items.get)
        try:
            clock.wait(2.5 * TIMEOUT_S)
            assert not call.done()
        finally:
            items.put("the item")
        assert call.result(LIMIT_S) == "the item"


@on(*MANOR)
def test_a_wait_without_limit_ends_when_the_server_freezes(subject: Subject, impatient: Any, manager: Any) -> None:
    items, clock = impatient.ServedQueue(), manager.Event()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(items.get)
        try:
            clock.wait(1.5 * TIMEOUT_S)
            with frozen(subject.server_pid(impatient)):
                start = time.monotonic()
                assert isinstance(call.exception(LIMIT_S), manor.CallTimeout)
                assert time.monotonic() - start < 2 * TIMEOUT_S + LATE_S
        finally:
            items.put("the item")
        assert items.get() == "the item"


@on(*MANOR)
def test_a_wait_without_limit_ends_at_a_deadline_and_takes_nothing(subject: Subject, manager: Any) -> None:
    items, lock = manager.Queue(), held_lock(manager)
    with times_out(SHORT_S), manor.deadline(SHORT_S):
        items.get()
    with times_out(SHORT_S):
        in_new_thread(by, SHORT_S, lock.acquire)
    items.put("the item")
    lock.release()
    assert by(LIMIT_S, items.get) == "the item"
    assert by(LIMIT_S, lock.acquire)


# Deadlines themselves


@on(MANOR_FORK)
def test_an_inner_deadline_cannot_extend_an_outer_one(subject: Subject, manager: Any) -> None:
    items = manager.Queue()
    with times_out(SHORT_S), manor.deadline(SHORT_S), manor.deadline(LIMIT_S):
        items.get()
    with manor.deadline(LIMIT_S):
        with times_out(SHORT_S), manor.deadline(SHORT_S):
            items.get()
        items.put("the item")
        assert items.get() == "the item"
    assert manager.Thawed().echo(1) == 1


@on(MANOR_FORK)
def test_a_deadline_bounds_all_the_calls_in_its_block_together(subject: Subject, manager: Any) -> None:
    clock = manager.Semaphore(0)
    items = manager.Queue()
    with times_out(SHORT_S), manor.deadline(SHORT_S):
        clock.acquire(timeout=SHORT_S / 2)
        items.get()


@on(MANOR_FORK)
def test_a_deadline_holds_for_its_own_thread_only(subject: Subject, impatient: Any) -> None:
    items = impatient.Queue()
    with ThreadPoolExecutor(1) as pool, manor.deadline(0):
        with contextlib.suppress(manor.CallTimeout):
            items.get()
        pool.submit(items.put, 1).result(LIMIT_S)
    assert items.get() == 1


@on(MANOR_FORK, MANOR_TCP)
def test_a_deadline_of_zero_waits_for_nothing(subject: Subject, manager: Any) -> None:
    echo = manager.Thawed()
    with frozen(subject.server_pid(manager)):
        with times_out(0.0), manor.deadline(0):
            echo.echo("lost")
        with times_out(0.0), manor.deadline(0):
            manager.Thawed()
    with times_out(0.0):
        in_new_thread(by, 0, echo.echo, "lost")
    assert answers(echo)


@on(MANOR_FORK, MANOR_TCP)
@pytest.mark.parametrize("seconds", [1e9, 1e300, float("inf")])
def test_a_deadline_may_be_as_far_away_as_one_likes(subject: Subject, manager: Any, seconds: float) -> None:
    echo = manager.Thawed()
    assert by(seconds, echo.echo, 1) == 1
    assert in_new_thread(by, seconds, echo.echo, 2) == 2
    assert manager.Event().wait(0.001) is False
    with subject.manager(timeout=seconds) as patient:
        assert patient.Thawed().echo(3) == 3


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("-inf")])
def test_a_deadline_in_the_past_is_a_mistake(seconds: float) -> None:
    with pytest.raises(ValueError, match="zero or more seconds"), manor.deadline(seconds):
        pass
    with pytest.raises(ValueError, match="zero or more seconds"):
        manor.managers.SyncManager(timeout=seconds)


@pytest.mark.parametrize("seconds", [None, "1"])
def test_a_deadline_is_a_number(seconds: Any) -> None:
    with pytest.raises(TypeError), manor.deadline(seconds):
        pass


@on(MANOR_FORK, MANOR_SPAWN)
def test_a_manager_without_timeout_waits(subject: Subject) -> None:
    with subject.manager(timeout=None) as patient, ThreadPoolExecutor(1) as pool:
        items, clock = patient.Queue(), patient.Event()
        call = pool.submit(items.get)
        try:
            clock.wait(SHORT_S)
            assert not call.done()
        finally:
            items.put("the item")
        assert call.result(LIMIT_S) == "the item"
