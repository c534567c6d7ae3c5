"""Calls interrupted at random moments, thousands of times: nothing is lost, nothing comes twice, nobody hangs."""

import contextlib
import itertools
import queue
import random
import signal
from types import FrameType
from typing import Any

import pytest

from manor._proxy.resident.base import ResidentProxy
from tests.conformance.cases import each
from tests.conformance.interruptions import HANGS, Interrupted
from tests.conformance.subjects import (
    LIMIT_S,
    Subject,
    standard_library_left_out,
)

KINDS = ("get_interrupted_queue", "Queue")
LONG_S = 900.0  # on a busy machine a call is interrupted dozens of times before it returns


class Timer:
    """Interrupts the main thread at random, anywhere inside the library; never in the test between two calls."""

    def __init__(self, seed: int, longest_s: float = 300e-6) -> None:
        self._rng = random.Random(seed)  # noqa: S311 no secret
        self._longest_s = longest_s
        self._is_set = False  # Python may call the handler a little after the timer was stopped
        self.interrupted = 0
        self.rounds = 0
        signal.signal(signal.SIGALRM, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._is_set and frame is not None and frame.f_code.co_filename != __file__:
            self.interrupted += 1
            raise Interrupted

    def has_enough(self, count: int) -> bool:
        """Whether there were *count* rounds, and one in twenty was interrupted: what takes no time hardly is."""
        self.rounds += 1
        return self.rounds > count and self.interrupted > count // 20

    def __enter__(self) -> None:
        self._is_set = True
        signal.setitimer(signal.ITIMER_REAL, self._rng.uniform(1e-6, self._longest_s))

    def __exit__(self, *exc_info: object) -> None:
        self._is_set = False
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
    timer = Timer(seed)
    put: list[int] = []
    unknown: list[int] = []
    for number in itertools.count():
        if timer.has_enough(count):
            return put, unknown
        try:
            with timer:
                items.put(number)
                put.append(number)
        except Interrupted:
            unknown.append(number)
    raise AssertionError("the numbers have no end")


def lock_all(lock: Any, seed: int, count: int) -> None:
    """Acquire and release, interrupted again and again in `acquire`; each time the lock is there, or was not taken."""
    timer = Timer(seed)
    while not timer.has_enough(count):
        try:
            with timer:
                assert lock.acquire(True, 10)
        except Interrupted:
            continue
        lock.release()
    assert lock.acquire(True, 10)
    lock.release()


def fetch_all(shelf: Any, echo: Any, seed: int, count: int, longest_s: float) -> None:
    """Get proxies and drop them, and talk, interrupted again and again."""
    timer = Timer(seed, longest_s)
    for number in range(count):
        with contextlib.suppress(Interrupted), timer:
            inner = shelf[0]
            assert inner["name"] == "inner"
            del inner
            assert echo.say(number) == number
        assert echo.say(-number) == -number
    assert timer.interrupted > count // 20, "hardly interrupted"


def longest_s(subject: Subject) -> float:
    """About as long as getting a proxy and talking takes."""
    return 300e-6 if subject.over_tcp else 60e-6


def wait_all(thing: Any, name: str, args: tuple[Any, ...], seed: int, count: int) -> int:
    """Begin so many waits, each of which ends by an interruption; return how many ended otherwise."""
    timer, other = Timer(seed), 0
    signal.signal(signal.SIGALRM, interrupt)
    for _ in range(count):
        try:
            with timer:
                getattr(thing, name)(*args)
                other += 1
        except Interrupted:
            continue
    return other


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def is_mapped(thing: Any) -> bool:
    """Whether methods of a proxy are native code: what is not a wait is not interrupted there."""
    return isinstance(thing, ResidentProxy)


def drained(items: Any) -> list[Any]:
    found = []
    with contextlib.suppress(queue.Empty):
        while True:
            found.append(items.get_nowait())
    return found


def check_get(subject: Subject, items: Any, seed: int, count: int, limit_s: float = LIMIT_S) -> None:
    if is_mapped(items):
        assert subject.run_in_child(wait_all, items, "get", (), seed, count, limit_s=limit_s) == 0
        items.put("the only one")
        assert drained(items) == ["the only one"]
        return
    for number in range(count):
        items.put(number)
    got = subject.run_in_child(get_all, items, seed, limit_s=limit_s)
    assert sorted(got + drained(items)) == list(range(count))


def check_put(subject: Subject, items: Any, seed: int, count: int, limit_s: float = LIMIT_S) -> None:
    put, unknown = subject.run_in_child(put_all, items, seed, count, limit_s=limit_s)
    found = drained(items)
    assert len(found) == len(set(found)), "put twice"
    assert set(put) <= set(found) <= {*put, *unknown}


@each(KINDS)  # elsewhere the next call hangs
def test_each_item_is_got_once_or_still_there(subject: Subject, manager: Any, seed: int, kind: str) -> None:
    check_get(subject, getattr(manager, kind)(), seed, 500)


@each(KINDS)  # elsewhere the next call hangs
def test_each_item_is_put_once(subject: Subject, manager: Any, seed: int, kind: str) -> None:
    items = getattr(manager, kind)()
    if is_mapped(items):
        full = manager.Queue(1)
        full.put("the only one")
        assert subject.run_in_child(wait_all, full, "put", ("another",), seed, 500) == 0
        assert drained(full) == ["the only one"]
    else:
        check_put(subject, items, seed, 500)


@each(["Lock", "RLock", "BoundedSemaphore"])  # elsewhere the next call hangs
def test_a_lock_is_acquired_or_not(subject: Subject, manager: Any, seed: int, kind: str) -> None:
    lock = getattr(manager, kind)()
    if is_mapped(lock):
        lock.acquire()
        assert subject.run_in_child(wait_all, lock, "acquire", (), seed, 500) == 0
        lock.release()
    else:
        subject.run_in_child(lock_all, lock, seed, 500)
    assert not lock.locked()


@standard_library_left_out(HANGS)
def test_proxies_come_and_go(subject: Subject, manager: Any, seed: int) -> None:
    subject.run_in_child(
        fetch_all, manager.list([manager.dict({"name": "inner"})]), manager.Echo(), seed, 500, longest_s(subject)
    )


@pytest.mark.stress
@pytest.mark.timeout(3600)
@standard_library_left_out(HANGS)
def test_a_hundred_thousand_interruptions_lose_nothing(subject: Subject, manager: Any, seed: int) -> None:
    for kind in KINDS:
        check_get(subject, getattr(manager, kind)(), seed, 15_000, LONG_S)
        if not is_mapped(getattr(manager, kind)()):
            check_put(subject, getattr(manager, kind)(), seed, 15_000, LONG_S)
    if not is_mapped(manager.Lock()):
        subject.run_in_child(lock_all, manager.Lock(), seed, 20_000, limit_s=LONG_S)
    shelf = manager.list([manager.dict({"name": "inner"})])
    subject.run_in_child(fetch_all, shelf, manager.Echo(), seed, 20_000, longest_s(subject), limit_s=LONG_S)


def call_in_handler(items: Any, echo: Any, seed: int, count: int) -> tuple[int, list[Any]]:
    """Use the same proxies in a signal handler while they are in use; return how often, and what went wrong."""
    rng, handled, handling = random.Random(seed), 0, False  # noqa: S311 no secret
    wrong: list[Any] = []

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
