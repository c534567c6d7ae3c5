"""Turns: one call at a time on an object, or any number of those that only read.

Theory of operation. Whoever asks for a turn stands in line, first come, first served; whoever leaves admits the next,
or all readers that come next. So an abandoned wait leaves the line and takes nothing.

Every thread has a *chain*: the turns that it has, which are more than one when an object's method calls another
object. A thread is not let into the line if the turn is, at the end, its own: when the chain that has the turn waits
for a turn of a chain that waits ... for one of ours. That is asked for when a wait begins, under the one lock of all
lines, so no two waits can miss each other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from manor._server.calls import current
from manor._server.waiting import Abandoned, over
from manor._server.whole.chains import Chain, lock
from manor._server.whole.chains import here as _here
from manor.errors import WouldDeadlock

__all__ = ["Turn"]


class _Gate:
    """Lets one thread through, once it is open; opened any number of times."""

    __slots__ = ("_closed",)

    def __init__(self) -> None:
        self._closed = threading.Lock()
        self._closed.acquire()

    def open(self) -> None:
        with suppress(RuntimeError):  # it is open
            self._closed.release()

    def pass_through(self) -> None:
        self._closed.acquire()


class _Waiter:
    """A place in the line.

    Attributes:
        chain: Who gets the turn.
        shared: Whether it is for reading only.
        wake: Called, under the lock of all lines, when it has the turn.
        admitted: Whether it has.
    """

    __slots__ = ("admitted", "chain", "shared", "wake")

    def __init__(self, chain: Chain, shared: bool, wake: Callable[[], object]) -> None:
        self.chain = chain
        self.shared = shared
        self.wake = wake
        self.admitted = False


class Turn:
    """Who may call an object.

    Attributes:
        what: Names the object in messages.
    """

    __slots__ = ("_holders", "_line", "_shared", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        self._holders: list[Chain] = []
        self._shared = False
        self._line: deque[_Waiter] = deque()

    def enter(self, method: str, *, shared: bool = False) -> None:
        """Wait for the turn of this thread.

        Args:
            method: What is to run, for messages.
            shared: Whether it only reads, and may run together with others that do.

        Raises:
            WouldDeadlock: The turn, or one that it depends on, is this thread's own.
            Abandoned: Nobody wants the answer any more; the turn was not taken.
        """
        chain = _here.chain
        with lock:
            if self._holders or self._line:
                asked = self._ask(chain, f"{self.what}.{method}", shared)
            else:
                asked = None
                self._holders.append(chain)
                self._shared = shared
        if asked is not None:
            self._wait(*asked)
        chain.calls.append((self, method))

    def leave(self) -> None:
        """Give up the turn of this thread that it entered last."""
        chain = _here.chain
        with lock:
            chain.calls.pop()
            self._holders.remove(chain)
            if self._line:
                self._admit()

    # For the event loop, whose thread has many tasks and cannot wait

    def ask(self, task: Chain, call: str, wake: Callable[[], object]) -> bool:
        """Ask for the turn of this thread, on behalf of a task; return whether it has it.

        Otherwise it has when *wake* is called, by any thread. ``enter_asked`` and ``withdraw`` must follow.

        Raises:
            WouldDeadlock: The task would wait for itself.
        """
        with lock:
            if self._is_free(shared=False):
                self._take(_here.chain, shared=False)
                return True
            self._refuse_deadlock(task, call)
            task.waits_for = self
            self._line.append(_Waiter(_here.chain, False, wake))
            return False

    def enter_asked(self, task: Chain, method: str) -> None:
        """Begin what the turn was asked for; ``leave`` ends it."""
        task.waits_for = None
        _here.chain.calls.append((self, method))

    def withdraw(self, task: Chain, wake: Callable[[], object]) -> None:
        """Give up what was asked for with *wake*, whether it has come or not."""
        with lock:
            task.waits_for = None
            waiter = next((waiter for waiter in self._line if waiter.wake == wake), None)
            if waiter is not None:
                self._line.remove(waiter)
            else:
                self._holders.remove(_here.chain)
            self._admit()

    # Under the lock

    def _ask(self, chain: Chain, call: str, shared: bool) -> tuple[_Waiter, _Gate] | None:
        """Take the turn and return None, or stand in line."""
        if self._is_free(shared=shared) or self._is_had(chain, shared):
            self._take(chain, shared)
            return None
        self._refuse_deadlock(chain, call)
        gate = _Gate()
        waiter = _Waiter(chain, shared, gate.open)
        if any(other.chain is chain for other in self._line):  # tasks of this thread, which wait for it to go on
            self._line.appendleft(waiter)
        else:
            self._line.append(waiter)
        chain.waits_for = self
        return waiter, gate

    def _take(self, chain: Chain, shared: bool) -> None:
        self._holders.append(chain)
        self._shared = shared

    def _is_had(self, chain: Chain, shared: bool) -> bool:
        """Whether the thread may go in once more: it reads already, or a task has the turn and does not run yet."""
        if chain not in self._holders:
            return False
        return (shared and self._shared) or all(turn is not self for turn, _ in chain.calls)

    def _is_free(self, *, shared: bool) -> bool:
        return not self._line and (not self._holders or (shared and self._shared))

    def _admit(self) -> None:
        line = self._line
        while line and (not self._holders or (self._shared and line[0].shared)):
            waiter = line.popleft()
            self._take(waiter.chain, waiter.shared)
            waiter.admitted = True
            if waiter.chain.waits_for is self:
                waiter.chain.waits_for = None
            waiter.wake()

    def _refuse_deadlock(self, chain: Chain, call: str) -> None:
        path = self._path_to(chain, set())
        if path is None:
            return
        own = " -> ".join([*chain.names(), call])
        others = "".join(f"; {other}" for other in path)
        raise WouldDeadlock(
            f"{call}() would wait for ever: {self.what} carries out one call at a time, and its present call "
            f"waits for this one ({own}{others}). Call the method on self rather than through a proxy, or make the "
            f'object with manager.options(concurrency="threads")'
        )

    def _path_to(self, chain: Chain, seen: set[Turn]) -> list[str] | None:
        """Return by which other waits the turn's holders wait for *chain*; None if they do not."""
        if self in seen:
            return None
        seen.add(self)
        for holder in self._holders:
            if holder is chain:
                return []
            if holder.waits_for is not None:
                path = holder.waits_for._path_to(chain, seen)
                if path is not None:
                    running = " -> ".join(holder.names())
                    return [f"{running} waits for {holder.waits_for.what}", *path]
        return None

    # Without the lock

    def _wait(self, waiter: _Waiter, gate: _Gate) -> None:
        call = current()
        if call is not None:
            call.cancellation.add(gate.open)
        wanted = False
        try:
            gate.pass_through()
            wanted = True
        finally:
            if call is not None:
                call.cancellation.discard(gate.open)
            with lock:
                wanted = wanted and waiter.admitted and not over(call)
                if not wanted:
                    self._give_up(waiter)
        if not wanted:
            raise Abandoned

    def _give_up(self, waiter: _Waiter) -> None:
        if waiter.admitted:
            self._holders.remove(waiter.chain)
        else:
            waiter.chain.waits_for = None
            self._line.remove(waiter)
        self._admit()
