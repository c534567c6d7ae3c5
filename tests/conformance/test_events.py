"""Event does what that of `threading` does, by every way to reach it."""

import threading
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.meeting import SHORT_S, all_of, elapsed_s, threads
from tests.conformance.subjects import LIMIT_S, LOCKS, SHARED_LOCKS, Subject, on

EVERYWHERE, SHARED = on(*LOCKS), on(*SHARED_LOCKS)


@EVERYWHERE
def test_it_is_set_from_set_to_clear(subject: Subject, manager: Any) -> None:
    event = manager.Event()
    assert event.is_set() is False
    for _ in range(2):
        assert event.set() is None
        assert event.set() is None
        assert event.is_set() is True
        assert event.clear() is None
        assert event.clear() is None
        assert event.is_set() is False


@EVERYWHERE
@pytest.mark.parametrize("timeout", [0, 0.01, SHORT_S, -1])
def test_a_wait_is_false_after_its_time(subject: Subject, manager: Any, timeout: float) -> None:
    event = manager.Event()
    with elapsed_s(timeout):
        assert event.wait(timeout) is False
    assert event.is_set() is False


@EVERYWHERE
@pytest.mark.parametrize("args", [(), (None,), (0,), (-1,), (LIMIT_S,), (threading.TIMEOUT_MAX,)])
def test_a_wait_for_what_is_set_is_true_at_once(subject: Subject, manager: Any, args: tuple[Any, ...]) -> None:
    event = manager.Event()
    event.set()
    assert event.wait(*args) is True
    assert event.is_set() is True


@EVERYWHERE
def test_setting_ends_every_wait(subject: Subject, manager: Any) -> None:
    event = manager.Event()
    with threads(4) as pool:
        waiting = [pool.submit(event.wait, *args) for args in [(), (None,), (LIMIT_S,), (threading.TIMEOUT_MAX,)]]
        event.set()
        assert all_of(waiting) == [True] * 4


@EVERYWHERE
def test_it_can_be_used_again_and_again(subject: Subject, manager: Any) -> None:
    ask, answer = manager.Event(), manager.Event()

    def reply() -> None:
        for _ in range(20):
            assert ask.wait(LIMIT_S)
            ask.clear()
            answer.set()

    with threads(1) as pool:
        replying = pool.submit(reply)
        for _ in range(20):
            ask.set()
            assert answer.wait(LIMIT_S)
            answer.clear()
        replying.result(LIMIT_S)
    assert [ask.is_set(), answer.is_set()] == [False, False]


def wait_and_set(test: Connection, one: Any, other: Any) -> None:
    test.send(one.is_set())
    test.send(one.wait(LIMIT_S))
    other.set()


@SHARED
def test_it_reaches_other_processes(subject: Subject, manager: Any) -> None:
    one, other = manager.Event(), manager.Event()
    with Child(subject.context, wait_and_set, one, other) as child:
        assert child.hear() is False
        one.set()
        assert other.wait(LIMIT_S) is True
        assert child.hear() is True
