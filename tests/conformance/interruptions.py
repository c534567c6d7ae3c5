"""Interrupting a call that waits in the server, by a signal, from a child that a test runs."""

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from tests.conformance.probe import Probe, newly_waiting
from tests.conformance.subjects import (
    register,
    until,
)

AT_ONCE_S = 0.5  # a call of a millisecond, on a machine that does much else
HANGS = "the connection of an interrupted call stays busy: the next call hangs"
shared_queue: "queue.Queue[Any]" = queue.Queue()


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


def get_queue() -> "queue.Queue[Any]":
    return shared_queue


def condition_of_a_lock() -> threading.Condition:
    return threading.Condition(threading.Lock())


class Interrupted(Exception):
    pass


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


@contextlib.contextmanager
def interrupting(
    probe: Probe,
    number: int = signal.SIGALRM,
    sent: list[float] | None = None,
    before: Callable[[], object] = lambda: None,
) -> Iterator[None]:
    """Send this process a signal when one more call than now waits in the server.

    Args:
        probe: Tells that.
        number: The signal.
        sent: Gets the time when it is sent.
        before: Called before that, when the call waits.
    """
    if number != signal.SIGINT:
        signal.signal(number, interrupt)
    waiting = probe.waiters()

    def send() -> None:
        until(lambda: newly_waiting(probe, waiting) > 0)
        before()
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


def enter(condition: Any) -> None:
    with condition:
        pass


register("Echo", Echo)
register("interrupted_queue", queue.Queue)
register("get_interrupted_queue", get_queue)
register("registered_condition", threading.Condition)
register("registered_condition_of_a_lock", condition_of_a_lock)
