"""Servers that are stopped for a while, and what it means that a call times out in time."""

import contextlib
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import manor
from tests.conformance.subjects import LIMIT_S, register

SHORT_S = 0.2
EARLY_S = 0.01  # clocks differ by that much
LATE_S = 0.6  # how much later than asked for a thread may wake up on a busy machine


class Thawed:
    """Answers, and says how often it was asked."""

    def __init__(self) -> None:
        self._calls = 0

    def echo(self, value: object) -> object:
        self._calls += 1
        return value

    def calls(self) -> int:
        return self._calls


register("Thawed", Thawed)
register("ServedQueue", queue.Queue)  # one that is in the server, whatever the others are


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stop a child of this process meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def times_out(after_s: float, late_s: float = LATE_S) -> Iterator[None]:
    """Assert that the block raises CallTimeout, in about that time."""
    start = time.monotonic()
    with pytest.raises(manor.CallTimeout) as caught:
        yield
    elapsed_s = time.monotonic() - start
    assert after_s - EARLY_S <= elapsed_s <= after_s + late_s, f"CallTimeout after {elapsed_s:.3f} s"
    assert isinstance(caught.value, TimeoutError)


def in_background(function: Callable[..., Any], *args: Any) -> Future[Any]:
    """Begin a call of a function in a thread that has made no call yet."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(function, *args)
    finally:
        pool.shutdown(wait=False)


def in_new_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a thread that has made no call yet."""
    return in_background(function, *args).result(LIMIT_S)


def by(seconds: float, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function under a deadline."""
    with manor.deadline(seconds):
        return function(*args)


def answers(echo: Any) -> bool:
    """Whether the server answers each call with its own answer."""
    return all(by(LIMIT_S, echo.echo, number) == number for number in range(20))
