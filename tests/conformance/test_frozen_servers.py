"""A frozen server: a CallTimeout in about the deadline, and right answers once it thaws."""

import multiprocessing
import pickle
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

import manor
from tests.conformance.freezing import LATE_S, SHORT_S, answers, by, frozen, in_background, in_new_thread, times_out
from tests.conformance.subjects import LIMIT_S, MANOR, Subject, on, run_in_child, until

# The standard library is left out throughout: it has no deadlines, and hangs where these tests expect a CallTimeout.


@on(*MANOR)
def test_a_frozen_server_is_a_timeout_for_an_idle_session_and_works_again_afterwards(
    subject: Subject, manager: Any
) -> None:
    echo = manager.Thawed()
    assert answers(echo)
    with frozen(subject.server_pid(manager)):
        for _ in range(2):
            with times_out(SHORT_S), manor.deadline(SHORT_S):
                echo.echo("lost")
    assert answers(echo)
    assert in_new_thread(answers, echo)


@on(*MANOR)
def test_a_frozen_server_is_a_timeout_for_the_first_call_of_a_thread(subject: Subject, manager: Any) -> None:
    echo = manager.Thawed()
    with frozen(subject.server_pid(manager)), times_out(SHORT_S):
        in_new_thread(by, SHORT_S, echo.echo, "lost")
    assert answers(echo)


@on(*MANOR)
def test_a_frozen_server_is_a_timeout_when_an_object_is_created(subject: Subject, manager: Any) -> None:
    echo = manager.Thawed()
    before = manager._number_of_objects()
    with frozen(subject.server_pid(manager)), times_out(SHORT_S), manor.deadline(SHORT_S):
        manager.Thawed()
    assert answers(echo)
    until(lambda: manager._number_of_objects() == before)


@on(*MANOR)
def test_a_frozen_server_is_a_timeout_for_many_threads_at_once(subject: Subject, manager: Any) -> None:
    echo = manager.Thawed()
    with ThreadPoolExecutor(8) as pool:
        with frozen(subject.server_pid(manager)):
            calls = [pool.submit(by, SHORT_S, echo.echo, "lost") for _ in range(8)]
            assert all(isinstance(call.exception(LIMIT_S), manor.CallTimeout) for call in calls)
        assert list(pool.map(echo.echo, range(100))) == list(range(100))


def unpickle_by(seconds: float, pickled: bytes) -> None:
    """In a process that does not know the server yet."""
    start = time.monotonic()
    with pytest.raises(manor.CallTimeout), manor.deadline(seconds):
        pickle.loads(pickled)
    assert time.monotonic() - start < seconds + LATE_S


@on(*MANOR)
def test_a_frozen_server_is_a_timeout_when_a_proxy_is_unpickled(subject: Subject, manager: Any) -> None:
    echo = manager.Thawed()
    pickled = pickle.dumps(echo)
    with frozen(subject.server_pid(manager)):
        run_in_child(multiprocessing.get_context("spawn"), unpickle_by, SHORT_S, pickled)
    assert answers(echo)


@on(*MANOR)
def test_a_frozen_server_does_not_hold_up_who_drops_proxies(subject: Subject, manager: Any) -> None:
    before = manager._number_of_objects()
    with ThreadPoolExecutor(1) as pool:
        proxies = pool.submit(lambda: [manager.Thawed() for _ in range(3000)]).result(LIMIT_S)
        others = [manager.Thawed() for _ in range(3000)]
        with frozen(subject.server_pid(manager)):
            # By a thread that has a session to the server, and by one that has none.
            calls = [pool.submit(proxies.clear), in_background(others.clear)]
            in_time = [call.done() for call in wait(calls, LIMIT_S / 20).done]
        assert len(in_time) == 2
    until(lambda: manager._number_of_objects() == before)


@on(*MANOR)
def test_an_abandoned_get_on_a_frozen_server_takes_no_item(subject: Subject, manager: Any) -> None:
    items = manager.ServedQueue()
    items.put("the item")
    with frozen(subject.server_pid(manager)), times_out(SHORT_S), manor.deadline(SHORT_S):
        items.get()
    assert by(LIMIT_S, items.get) == "the item"
    assert items.empty()


@on(*MANOR)
def test_what_a_call_that_timed_out_did_is_unknown_but_never_done_twice(subject: Subject, manager: Any) -> None:
    echo = manager.Thawed()
    for number in range(1, 6):
        with frozen(subject.server_pid(manager)), pytest.raises(manor.CallTimeout), manor.deadline(0.02):
            echo.echo("lost")
        assert by(LIMIT_S, echo.echo, number) == number
        assert number <= echo.calls() <= 2 * number
