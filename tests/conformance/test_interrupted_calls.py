"""A call that an exception or a signal interrupts is abandoned: it takes nothing, and confuses nobody.

Each test runs in a child, whose main thread gets the signals: the test runner needs SIGALRM and Ctrl-C for itself.
"""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import manor
from tests.conformance.cases import each
from tests.conformance.interruptions import AT_ONCE_S, HANGS, Interrupted, at_once, enter, interrupting
from tests.conformance.probe import Probe, newly_waiting
from tests.conformance.subjects import (
    MANOR,
    MANOR_SERVED,
    MANOR_TCP,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
    standard_library_left_out,
    until,
)

ROUNDS = 3


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


def interrupt_promptly(probe: Probe, event: Any) -> list[float]:
    """Return how long, in seconds, it takes from a signal to the exception."""
    took = []
    for _ in range(20):
        sent: list[float] = []
        with interrupting(probe, sent=sent), pytest.raises(Interrupted):
            event.wait()
        took.append(time.monotonic() - sent[0])
    return took


def interrupt_get(probe: Probe, items: Any, others: Any, echo: Any, number: int) -> None:
    for word in range(ROUNDS):
        with interrupting(probe, number), pytest.raises((Interrupted, KeyboardInterrupt)):
            items.get()
        assert at_once(items.qsize) == 0
        assert at_once(echo.say, word) == word
        at_once(others.put, word)
        assert at_once(others.get) == word
        at_once(items.put, word)
        assert at_once(items.get_nowait) == word


def interrupt_acquire(probe: Probe, lock: Any, echo: Any) -> None:
    for word in range(ROUNDS):
        with interrupting(probe), pytest.raises(Interrupted):
            lock.acquire()
        assert at_once(echo.say, word) == word
    with interrupting(probe), pytest.raises(Interrupted), lock:
        pytest.fail("entered")


def interrupt_wait(probe: Probe, condition: Any, echo: Any) -> None:
    for word in range(ROUNDS):
        with interrupting(probe), pytest.raises(Interrupted), condition:
            condition.wait()
        assert at_once(echo.say, word) == word
        at_once(enter, condition)
    with condition:
        with interrupting(probe), pytest.raises(Interrupted):
            condition.wait()
        condition.notify()  # still its lock
        with interrupting(probe), pytest.raises(Interrupted):
            condition.wait_for(lambda: False)


def interrupt_wait_for_a_taken_lock(probe: Probe, condition: Any, echo: Any) -> None:
    """Be interrupted in a wait while another thread has the lock; it must not matter to other objects."""
    taken, go_on = threading.Event(), threading.Event()

    def take() -> None:
        condition.acquire()
        taken.set()
        go_on.wait()
        condition.release()

    thread = threading.Thread(target=take)

    def start_taking() -> None:
        thread.start()
        taken.wait()

    condition.acquire()
    with interrupting(probe, before=start_taking), pytest.raises(Interrupted):
        condition.wait()
    try:
        assert at_once(echo.say, "word") == "word"
    finally:
        go_on.set()
        thread.join()
    condition.release()


def interrupt_any(probe: Probe, waiter: Any, echo: Any) -> None:
    for word in range(ROUNDS):
        with interrupting(probe), pytest.raises(Interrupted):
            waiter.wait()
        assert at_once(echo.say, word) == word


def interrupt_own_class(probe: Probe, slow: Any, other: Any) -> None:
    with interrupting(probe), pytest.raises(Interrupted):
        slow.say_slowly("nobody waits for this")
    for word in range(ROUNDS):
        assert at_once(other.say, word) == word
        assert at_once(slow.say, word) == word
    slow.go_on()


def wrong_answer_after_interrupt(probe: Probe, slow: Any) -> None:
    with interrupting(probe), pytest.raises(Interrupted):
        slow.say_slowly("nobody waits for this")
    thread = threading.Thread(target=slow.go_on)
    thread.start()
    assert slow.say("mine") == "mine"
    thread.join()


def interrupt_beside_threads(probe: Probe, items: Any, echo: Any) -> None:
    """Other threads are in a wait, and in call after call, while the main thread is interrupted again and again."""
    failed, stop = [], threading.Event()

    def talk(name: int) -> None:
        word = 0
        while not stop.is_set():
            word += 1
            if echo.say((name, word)) != (name, word):
                failed.append((name, word))

    got: list[object] = []
    getter = threading.Thread(target=lambda: got.append(items.get()))
    talkers = [threading.Thread(target=talk, args=(name,)) for name in range(3)]
    before = probe.waiters()
    getter.start()
    until(lambda: newly_waiting(probe, before) == 1)
    for thread in talkers:
        thread.start()
    for word in range(ROUNDS):
        with interrupting(probe), pytest.raises(Interrupted):
            echo.say_slowly(word)
        assert echo.say(word) == word
    stop.set()
    for thread in talkers:
        thread.join()
    items.put("one")
    getter.join()
    assert (got, failed) == (["one"], [])
    echo.go_on()


@standard_library_left_out(HANGS)
def test_a_signal_ends_a_wait_at_once(subject: Subject, manager: Any, probe: Probe) -> None:
    assert max(subject.run_in_child(interrupt_promptly, probe, manager.Event())) < AT_ONCE_S


@each(  # elsewhere the next call hangs
    ["Queue", "JoinableQueue", "interrupted_queue", "get_interrupted_queue"], everywhere=["interrupted_queue"]
)
def test_get_takes_no_item(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    items, others, echo = getattr(manager, kind)(), manager.Queue(), manager.Echo()
    subject.run_in_child(interrupt_get, probe, items, others, echo, signal.SIGALRM)
    subject.run_in_child(interrupt_get, probe, items, others, echo, signal.SIGINT)
    assert items.empty()


@each(["Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition"])  # elsewhere the next call hangs
def test_acquire_takes_no(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    lock, echo = getattr(manager, kind)(), manager.Echo()
    lock.acquire()
    subject.run_in_child(interrupt_acquire, probe, lock, echo)
    lock.release()
    assert subject.run_in_child(enter, lock) is None


@standard_library_left_out(HANGS)
def test_a_condition_interrupted_in_wait_is_owned_and_left_as_in_one_process(
    subject: Subject, manager: Any, probe: Probe
) -> None:
    condition, echo = manager.Condition(), manager.Echo()
    subject.run_in_child(interrupt_wait, probe, condition, echo)
    assert not condition.locked()


@each(["registered_condition", "registered_condition_of_a_lock"])  # elsewhere the next call hangs
def test_a_wait_that_cannot_have_its_lock_back_delays_no_call_of_another_object(
    subject: Subject, manager: Any, probe: Probe, kind: str
) -> None:
    assert_it_delays_no_call(subject, manager, probe, getattr(manager, kind)())


@on(MANOR_TCP, MANOR_SERVED)  # mapped, the thread itself takes the lock again, as in `threading`
def test_a_wait_through_the_server_that_cannot_have_its_lock_back_delays_no_call_of_another_object(
    subject: Subject, manager: Any, probe: Probe
) -> None:
    assert_it_delays_no_call(subject, manager, probe, manager.Condition())


def assert_it_delays_no_call(subject: Subject, manager: Any, probe: Probe, condition: Any) -> None:
    echo = manager.Echo()
    subject.run_in_child(interrupt_wait_for_a_taken_lock, probe, condition, echo)
    assert condition.acquire(blocking=False)
    condition.release()


@each(["Barrier", "Event"])  # elsewhere the next call hangs
def test_a_wait_leaves_no_trace(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    waiter, echo = manager.Barrier(2) if kind == "Barrier" else manager.Event(), manager.Echo()
    before = probe.waiters()
    subject.run_in_child(interrupt_any, probe, waiter, echo)
    assert newly_waiting(probe, before) == 0
    if hasattr(waiter, "n_waiting"):
        assert (waiter.n_waiting, waiter.broken) == (0, False)


@standard_library_left_out(HANGS)
def test_a_method_of_a_users_class_goes_on_alone(subject: Subject, manager: Any, probe: Probe) -> None:
    subject.run_in_child(interrupt_own_class, probe, manager.Echo(), manager.Echo())


@standard_library_fails("the next call gets the answer of the interrupted one", on=(*MANOR, STANDARD_FORK))
def test_the_next_call_gets_its_own_answer(subject: Subject, manager: Any, probe: Probe) -> None:
    slow = manager.Echo()
    subject.run_in_child(wrong_answer_after_interrupt, probe, slow)


@standard_library_left_out(HANGS)
def test_other_threads_get_their_own_answers(subject: Subject, manager: Any, probe: Probe) -> None:
    items, echo = manager.Queue(), manager.Echo()
    subject.run_in_child(interrupt_beside_threads, probe, items, echo)


def expire(empty: Any, unfinished: Any, lock: Any, condition: Any, echo: Any) -> None:
    waits: tuple[Callable[[], object], ...] = (
        empty.get,
        unfinished.join,
        lock.acquire,
        lambda: echo.say_slowly("nobody waits for this"),
    )
    for word, wait in enumerate(waits):
        with pytest.raises(manor.CallTimeout), manor.deadline(0.05):
            wait()
        assert at_once(echo.say, word) == word
    with condition, pytest.raises(manor.CallTimeout), manor.deadline(0.05):
        condition.wait()
    at_once(enter, condition)
    echo.go_on()


@each(["JoinableQueue", "interrupted_queue"])  # elsewhere there are no deadlines
def test_a_call_past_its_deadline_is_abandoned_too(subject: Subject, manager: Any, kind: str) -> None:
    empty, unfinished = getattr(manager, kind)(), getattr(manager, kind)()
    lock, condition, echo = manager.Lock(), manager.Condition(), manager.Echo()
    unfinished.put("one")
    lock.acquire()
    subject.run_in_child(expire, empty, unfinished, lock, condition, echo)
    lock.release()
    assert not lock.locked()
    empty.put("one")
    assert at_once(empty.get_nowait) == "one"
