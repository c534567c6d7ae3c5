"""Who holds a lock, and who waits for it."""

import time
from typing import NamedTuple

__all__ = ["Holder", "LockState", "Person", "Waiter", "holder_of", "state_of", "waiters_of"]

Person = tuple[int, int, str, float, str | None]
"""Attributes of a ``Holder``, but for ``since``, which is as ``time.monotonic()`` has it."""


class Holder(NamedTuple):
    """The thread that holds a lock.

    Attributes:
        pid: Its process; 0 if that has ended, and is not known any more.
        thread: The thread's id, as the system has it (``threading.get_native_id()``); a serial number within its
            process, if that acquired by a call to the server.
        process_name: ``multiprocessing.current_process().name`` there; empty where that is not known, as of a process
            that reaches shared memory by calls to the server.
        since: Since when, as ``time.time()`` has it, give or take some milliseconds.
        where: The file and line from where it acquired, as ``"jobs.py:12"``, with a manager that was made with
            ``debug=True``; None if that is not known.
    """

    pid: int
    thread: int
    process_name: str
    since: float
    where: str | None = None


class Waiter(NamedTuple):
    """A thread that waits; attributes as those of a ``Holder``: ``where`` it began to wait."""

    pid: int
    thread: int
    process_name: str
    since: float
    where: str | None = None


class LockState(NamedTuple):
    """Something that is held or waited for.

    Attributes:
        type: What it is: ``"Lock"``, ``"Event"``, ``"Queue"``, ...
        id: Which one, as its proxy's token has it.
        name: Its name, or None.
        holder: The thread that holds it, or None; for a condition, the one that holds its lock.
        waiters: The threads that wait for it, the first to come first; for a condition, also for a lock of its own.
    """

    type: str
    id: str
    name: str | None
    holder: Holder | None
    waiters: list[Waiter]


def _on_the_wall(monotonic: float) -> float:
    return time.time() - (time.monotonic() - monotonic)


def holder_of(person: Person | None) -> Holder | None:
    """Return a holder as users see it."""
    return None if person is None else Holder(*person[:3], _on_the_wall(person[3]), person[4])


def waiters_of(persons: list[Person]) -> list[Waiter]:
    """Return waiters as users see them, in their order."""
    return [Waiter(*person[:3], _on_the_wall(person[3]), person[4]) for person in persons]


def state_of(holder: Holder | None) -> str:
    """Return in words who holds a lock."""
    if holder is None:
        return "free"
    where = "" if holder.where is None else f" at {holder.where}"
    return f"held by thread {holder.thread} of process {holder.pid}{where}"
