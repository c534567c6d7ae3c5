"""A call that an exception or a signal interrupts is abandoned: it takes nothing, and confuses nobody.

Each test runs in a child, whose main thread gets the signals: the test runner needs SIGALRM and Ctrl-C for itself.
"""

import contextlib
import os
import queue
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

import manor
from tests.conformance.cases import each
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    MANOR,
    STANDARD_FORK,
    Subject,
    on,
    register,
    standard_library_fails,
    standard_library_left_out,
    until,
)

AT_ONCE_S = 0.5  # a call of a millisecond, on a machine that does much else
ROUNDS = 3
HANGS = "the connection of an interrupted call stays busy: the next call hangs"


class Echo:
    """Answers with what it was asked; slowly, if so asked, until it is told to go on."""

    def __init__(self) -> None:
        self._go_on = threading.Event()

    def say(self, word: object) -> object:
        return word

    def say_slowly(self, word: object) -> object:
        self._go_on.wait(60)
        return word

    def go_on(self) -> None:
        self._go_on.set()


shared_queue: "queue.Queue[Any]" = queue.Queue()


def get_queue() -> "queue.Queue[Any]":
    return shared_queue


register("Echo", Echo)
register("interrupted_queue", queue.Queue)
register("get_interrupted_queue", get_queue)


class Interrupted(Exception):
    pass


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


@contextlib.contextmanager
def interrupting(probe: Probe, number: int = signal.SIGALRM, sent: list[float] | None = None) -> Iterator[None]:
    """Send this process a signal when one more call than now waits in the server; enter the time in *sent*."""
    if number != signal.SIGINT:
        signal.signal(number, interrupt)
    before = probe.waiting()

    def send() -> None:
        until(lambda: probe.waiting() > before)
        if sent is not None:
            sent.append(time.monotonic())
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def at_once(function: Callable[..., Any], *args: Any) -> Any:
    """Call it, and see that it takes no time."""
    start = time.monotonic()
    result = function(*args)
    took = time.monotonic() - start
    assert took < AT_ONCE_S, f"it took {took:.3f} s"
    return result


# Children: interrupted in a wait


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


def enter(condition: Any) -> None:
    with condition:
        pass


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
    before = probe.waiting()
    getter.start()
    until(lambda: probe.waiting() == before + 1)
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


@each(["Queue", "JoinableQueue", "interrupted_queue", "get_interrupted_queue"])  # elsewhere the next call hangs
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


@each(["Barrier", "Event"])  # elsewhere the next call hangs
def test_a_wait_leaves_no_trace(subject: Subject, manager: Any, probe: Probe, kind: str) -> None:
    waiter, echo = manager.Barrier(2) if kind == "Barrier" else manager.Event(), manager.Echo()
    before = probe.waiting()
    subject.run_in_child(interrupt_any, probe, waiter, echo)
    assert probe.waiting() == before
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


# Children: a deadline


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


# Children: at random moments


class Timer:
    """Interrupts the main thread at random, anywhere inside the library; never in the test between two calls."""

    def __init__(self, seed: int, longest_s: float = 300e-6) -> None:
        self._rng = random.Random(seed)  # noqa: S311 no secret
        self._longest_s = longest_s
        self.interrupted = 0
        signal.signal(signal.SIGALRM, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename != __file__:
            self.interrupted += 1
            raise Interrupted

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._rng.uniform(1e-6, self._longest_s))

    def __exit__(self, *exc_info: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


def get_all(items: Any, seed: int) -> list[int]:
    """Get what there is, interrupted again and again; return it."""
    timer, got = Timer(seed), []
    while True:
        with contextlib.suppress(Interrupted), timer:
            try:
                item = items.get(True, 0.01)
            except queue.Empty:
                break
            got.append(item)
    print(f"{timer.interrupted} interrupted, {len(got)} got")
    assert timer.interrupted > len(got) // 20, "hardly interrupted"
    return got


def put_all(items: Any, seed: int, count: int) -> tuple[list[int], list[int]]:
    """Put numbers, interrupted again and again; return those whose `put` returned, and those where it didn't."""
    timer, put, unknown = Timer(seed), [], []
    for number in range(count):
        try:
            with timer:
                items.put(number)
                put.append(number)
        except Interrupted:
            unknown.append(number)
    assert timer.interrupted > count // 20, "hardly interrupted"
    return put, unknown


def lock_all(lock: Any, seed: int, count: int) -> None:
    """Acquire and release, interrupted again and again in `acquire`; each time the lock is there, or was not taken."""
    timer = Timer(seed)
    for _ in range(count):
        try:
            with timer:
                assert lock.acquire(True, 10)
        except Interrupted:
            continue
        lock.release()
    assert timer.interrupted > count // 20, "hardly interrupted"
    assert lock.acquire(True, 10)
    lock.release()


def fetch_all(shelf: Any, echo: Any, seed: int, count: int) -> None:
    """Get proxies and drop them, and talk, interrupted again and again."""
    timer = Timer(seed)
    for number in range(count):
        with contextlib.suppress(Interrupted), timer:
            inner = shelf[0]
            assert inner["name"] == "inner"
            del inner
            assert echo.say(number) == number
        assert echo.say(-number) == -number
    assert timer.interrupted > count // 20, "hardly interrupted"


def drained(items: Any) -> list[int]:
    found = []
    with contextlib.suppress(queue.Empty):
        while True:
            found.append(items.get_nowait())
    return found


KINDS = ("get_interrupted_queue", "Queue")


def check_get(subject: Subject, items: Any, seed: int, count: int) -> None:
    for number in range(count):
        items.put(number)
    got = subject.run_in_child(get_all, items, seed)
    assert sorted(got + drained(items)) == list(range(count))


def check_put(subject: Subject, items: Any, seed: int, count: int) -> None:
    put, unknown = subject.run_in_child(put_all, items, seed, count)
    found = drained(items)
    assert len(found) == len(set(found)), "put twice"
    assert set(put) <= set(found) <= {*put, *unknown}


@each(KINDS)  # elsewhere the next call hangs
def test_each_item_is_got_once_or_still_there(subject: Subject, manager: Any, seed: int, kind: str) -> None:
    check_get(subject, getattr(manager, kind)(), seed, 500)


@each(KINDS)  # elsewhere the next call hangs
def test_each_item_is_put_once(subject: Subject, manager: Any, seed: int, kind: str) -> None:
    check_put(subject, getattr(manager, kind)(), seed, 500)


@each(["Lock", "RLock", "BoundedSemaphore"])  # elsewhere the next call hangs
def test_a_lock_is_acquired_or_not(subject: Subject, manager: Any, seed: int, kind: str) -> None:
    lock = getattr(manager, kind)()
    subject.run_in_child(lock_all, lock, seed, 500)
    assert not lock.locked()


@standard_library_left_out(HANGS)
def test_proxies_come_and_go(subject: Subject, manager: Any, seed: int) -> None:
    subject.run_in_child(fetch_all, manager.list([manager.dict(name="inner")]), manager.Echo(), seed, 500)


@pytest.mark.stress
@pytest.mark.timeout(1200)
@standard_library_left_out(HANGS)
def test_a_hundred_thousand_interruptions_lose_nothing(subject: Subject, manager: Any, seed: int) -> None:
    for kind in KINDS:
        check_get(subject, getattr(manager, kind)(), seed, 15_000)
        check_put(subject, getattr(manager, kind)(), seed, 15_000)
    subject.run_in_child(lock_all, manager.Lock(), seed, 20_000)
    subject.run_in_child(fetch_all, manager.list([manager.dict(name="inner")]), manager.Echo(), seed, 20_000)


# Children: a handler that calls


def call_in_handler(items: Any, echo: Any, seed: int, count: int) -> tuple[int, list[object]]:
    """Use the same proxies in a signal handler while they are in use; return how often, and what went wrong."""
    rng, handled, handling, wrong = random.Random(seed), 0, False, []  # noqa: S311 no secret

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal handled, handling
        if handling:
            return
        handling = True
        handled += 1
        word = ("in the handler", handled)
        items.put(word)
        if (answer := echo.say(word)) != word:
            wrong.append((word, answer))
        if (item := items.get()) != word:
            wrong.append((word, item))
        handling = False

    signal.signal(signal.SIGALRM, handle)
    for number in range(count):
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, 200e-6))
        if (answer := echo.say(number)) != number:
            wrong.append((number, answer))
        signal.setitimer(signal.ITIMER_REAL, 0)
    return handled, wrong


@standard_library_left_out("the handler reads the answer of the call that it interrupted")
def test_a_signal_handler_may_use_the_proxies_that_it_interrupts(subject: Subject, manager: Any, seed: int) -> None:
    items, echo = manager.Queue(), manager.Echo()
    handled, wrong = subject.run_in_child(call_in_handler, items, echo, seed, 1000)
    assert handled > 50
    assert wrong == []
    assert items.empty()
