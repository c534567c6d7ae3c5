"""Processes that work on shared objects until they are killed, and count in memory of their own what they have done."""

import contextlib
import mmap
import multiprocessing
import os
import random
import select
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from tests.conformance.subjects import LIMIT_S, until

__all__ = ["Tally", "Victim", "seeded", "surviving"]

FORK = multiprocessing.get_context("fork")
KILLED_WITHIN_S = 0.004


def seeded(seed: object) -> random.Random:
    """Random numbers that come again with the same seed."""
    return random.Random(repr(seed))  # noqa: S311 no secret


class Tally:
    """Numbers in memory that a process and its forked children share: what is written there survives a kill."""

    def __init__(self, length: int = 512) -> None:
        self._numbers = memoryview(mmap.mmap(-1, 8 * length)).cast("q")

    def __getitem__(self, index: int) -> int:
        return int(self._numbers[index])

    def __setitem__(self, index: int, number: int) -> None:
        self._numbers[index] = number


class Victim:
    """A forked process that runs `work(tally, *args)`, which says that it has begun by `tally[0] = ...`, for ever."""

    def __init__(self, work: Callable[..., object], *args: Any, tally_length: int = 512) -> None:
        self.tally = Tally(tally_length)
        self._reader, writer = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=_work, args=(writer, work, self.tally, *args))
        self._process.start()
        writer.close()
        self.pid = int(self._process.pid or 0)
        self._pidfd = os.pidfd_open(self.pid)

    def kill_at_random(self, rng: random.Random) -> None:
        """Kill it at a moment within a few milliseconds of its first operation."""
        assert self._reader.poll(LIMIT_S), f"process {self.pid} does not begin"
        began = self._reader.recv()
        assert began == "begins", began
        if select.select([self._pidfd], [], [], rng.uniform(0, KILLED_WITHIN_S))[0]:
            said = self._reader.recv() if self._reader.poll() else "nothing"
            raise AssertionError(f"process {self.pid} ended by itself and said: {said}")
        self.kill()

    def kill(self) -> None:
        """Kill it, and return when it is gone."""
        self._process.kill()
        self._process.join(LIMIT_S)
        assert self._process.exitcode == -9, f"exit code {self._process.exitcode}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        os.close(self._pidfd)
        if self._process.exitcode is None:
            self._process.kill()
        self._process.join()
        self._process.close()
        self._reader.close()


def _work(writer: Any, work: Callable[..., object], tally: Tally, *args: Any) -> None:
    writer.send("begins")
    try:
        work(tally, *args)
    except BaseException:
        writer.send(traceback.format_exc())
        raise


STOP = 511
"""The number of a survivor's tally that tells it to end."""


@contextlib.contextmanager
def surviving(work: Callable[..., object], *args: Any) -> Iterator[Tally]:
    """A forked process that does `work(tally, *args)` again and again; at the end it must have come further.

    It counts in `tally[0]` how often; the work may use the other numbers.
    """
    tally = Tally()
    process = FORK.Process(target=_survive, args=(tally, work, args))
    process.start()
    try:
        yield tally
        done = tally[0]
        until(lambda: tally[0] > done + 1 or process.exitcode is not None)
    finally:
        tally[STOP] = 1
        process.join(LIMIT_S)
        exitcode = process.exitcode
        process.kill()
        process.join()
        process.close()
    assert exitcode == 0, f"the survivor's exit code is {exitcode}"


def _survive(tally: Tally, work: Callable[..., object], args: tuple[Any, ...]) -> None:
    while not tally[STOP]:
        work(tally, *args)
        tally[0] += 1
