"""What a thread waits for that has a coroutine run, so that two which wait for each other are found out."""

from __future__ import annotations

from manor._server.whole.chains import Chain, chain_here, lock
from manor._server.whole.turns import Turn

__all__ = ["Task", "waiting_for"]


class Task(Turn):
    """What a thread waits for that has a coroutine run: the task, and the thread that runs all tasks.

    Attributes:
        chain: That of the task.
    """

    __slots__ = ("_loop", "chain")

    def __init__(self, what: str, loop: Chain, waiting: Chain) -> None:
        super().__init__(what)
        self.chain = Chain(waiting)
        self._loop = loop

    def _holding(self) -> list[Chain]:
        return [self.chain, self._loop]


class waiting_for:  # noqa: N801 - reads as a word in a with statement
    """In a with block this thread waits for a task.

    Raises:
        WouldDeadlock: The task, or the thread of all tasks, waits for this thread already.
    """

    def __init__(self, task: Task) -> None:
        self._task = task

    def __enter__(self) -> None:
        chain = chain_here()
        with lock:
            self._task._refuse_deadlock(chain, self._task.what)
            chain.waits_for = self._task

    def __exit__(self, *_: object) -> None:
        with lock:
            chain_here().waits_for = None
