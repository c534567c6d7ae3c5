"""Turns: one call at a time on an object, or any number of those that only read.

Theory of operation. Whoever asks for a turn stands in line, first come, first served; whoever leaves admits the next,
or all readers that come next. So an abandoned wait leaves the line and takes nothing.

Every thread has a *chain*: the turns that it has, which are more than one when an object's method calls another
object. A thread is not let into the line if the turn is, at the end, its own: when the chain that has the turn waits
for a turn of a chain that waits ... for one of ours. That is asked when a wait begins, under the one lock of all lines,
so no two waits can miss each other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from manor._server.calls import current
from manor._server.waiting import Abandoned, over, patience
from manor._server.whole.chains import Chain, lock
from manor._server.whole.chains import here as _here
from manor.errors import CallTimeout, WouldDeadlock

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

    def pass_through(self) -> bool:
        left = patience()
        return self._closed.acquire(timeout=-1.0 if left is None else left)


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
        where: Returns the address of its server.
    """

    __slots__ = ("_free", "_holder", "_line", "_nested", "_readers", "what", "where")

    def __init__(self, what: str, where: Callable[[], object] = str) -> None:
        self.what = what
        self.where = where
        self._free = [None]  # empty while anybody has the turn; to take from a list is as atomic as a lock, and quicker
        self._holder: Chain | None = None
        self._nested = 0
        self._readers: list[Chain] = []
        self._line: deque[_Waiter] = deque()

    def enter(self, method: str, *, shared: bool = False) -> None:
        """Wait for the turn of this thread.

        Args:
            method: What is to run, for messages.
            shared: Whether it only reads, and may run together with others that do.

        Raises:
            WouldDeadlock: The turn, or one that it depends on, is this thread's own.
            Abandoned: Nobody wants the answer any more; the turn was not taken.
            CallTimeout: Nor was it within the ``deadline`` of a method, or a thread of one, that calls an object here.
        """
        chain = _here.chain
        taken = not (self._line or shared)
        if taken:
            try:
                self._free.pop()
            except IndexError:
                taken = False
        if taken:
            self._holder = chain
        else:
            with lock:
                asked = self._ask(chain, f"{self.what}.{method}", shared)
            if asked is not None:
                self._wait(*asked)
        chain.calls.append((self, method))

    def leave(self) -> None:
        """Give up the turn of this thread that it entered last."""
        chain = self._holder
        if chain is None or self._nested:
            self._leave_shared()
            return
        chain.calls.pop()
        self._holder = None
        self._free.append(None)
        if self._line:
            with lock:
                self._admit()

    def _leave_shared(self) -> None:
        chain = _here.chain
        chain.calls.pop()
        with lock:
            self._return(chain)

    # For the event loop, whose thread has many tasks and cannot wait

    def ask(self, task: Chain, call: str, wake: Callable[[], object]) -> bool:
        """Ask for the turn of this thread, on behalf of a task; return whether it has it.

        Otherwise it has when *wake* is called, by any thread. ``enter_asked`` and ``withdraw`` must follow.

        Raises:
            WouldDeadlock: The task would wait for itself.
        """
        with lock:
            if not self._line and self._take(_here.chain, shared=False):
                return True
            self._refuse_deadlock(task, call)
            task.waits_for = self
            self._line.append(_Waiter(_here.chain, False, wake))
            self._admit()
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
            if waiter is None:
                self._return(_here.chain)
            else:
                self._line.remove(waiter)
                self._admit()

    # Under the lock of all turns. A turn that is had alone is taken and left without it, by whoever finds no line: so
    # whoever joins the line looks again, and whoever has left looks for a line.

    def _ask(self, chain: Chain, call: str, shared: bool) -> tuple[_Waiter, _Gate] | None:
        """Take the turn and return None, or stand in line."""
        if self._is_had(chain, shared) or (not self._line and self._take(chain, shared)):
            return None
        self._refuse_deadlock(chain, call)
        gate = _Gate()
        waiter = _Waiter(chain, shared, gate.open)
        if any(other.chain is chain for other in self._line):  # tasks of this thread, which wait for it to go on
            self._line.appendleft(waiter)
        else:
            self._line.append(waiter)
        chain.waits_for = self
        self._admit()
        return waiter, gate

    def _is_had(self, chain: Chain, shared: bool) -> bool:
        """Go in once more if the chain reads already, or if a task of the thread has the turn and does not run yet."""
        if shared and (chain in self._readers or not chain.waiting().isdisjoint(self._readers)):
            self._readers.append(chain)
            return True
        if self._holder is chain and all(turn is not self for turn, _ in chain.calls):
            self._nested += 1
            return True
        return False

    def _take(self, chain: Chain, shared: bool) -> bool:
        """Take the turn if it is free."""
        if not (shared and self._readers):
            try:
                self._free.pop()
            except IndexError:
                return False
        if shared:
            self._readers.append(chain)
        else:
            self._holder = chain
        return True

    def _return(self, chain: Chain) -> None:
        """Give up the turn of a chain."""
        if self._nested:
            self._nested -= 1
            return
        if self._holder is chain:
            self._holder = None
        else:
            self._readers.remove(chain)
        if not self._readers:
            self._free.append(None)
            self._admit()

    def _admit(self) -> None:
        line = self._line
        while line and self._take(line[0].chain, line[0].shared):
            waiter = line.popleft()
            waiter.admitted = True
            if waiter.chain.waits_for is self:
                waiter.chain.waits_for = None
            waiter.wake()

    def _holding(self) -> list[Chain]:
        """Return who has the turn; one that has just taken it, and waits for nothing yet, may be missing."""
        holder = self._holder
        return self._readers if holder is None else [holder]

    def _refuse_deadlock(self, chain: Chain, call: str) -> None:
        path = self._path_to(chain, set())
        if path is None:
            return
        own = " -> ".join([*chain.names(), call])
        others = "".join(f"; {other}" for other in path)
        raise WouldDeadlock(
            f"{call}() would wait for ever: {self.what} carries out one call at a time, and its present call "
            f"waits for this one ({own}{others}). Call the method on self rather than through a proxy, or make the "
            f'object with concurrency="threads"'
        )

    def _path_to(self, chain: Chain, seen: set[Turn]) -> list[str] | None:
        """Return by which other waits the turn's holders wait for *chain*; None if they do not."""
        if self in seen:
            return None
        seen.add(self)
        for holder in self._holding():
            if holder is chain or holder in chain.waiting():
                return []
            for waiting, turn in holder.waits():
                path = turn._path_to(chain, seen)
                if path is not None:
                    return [f"{' -> '.join(waiting.names())} waits for {turn.what}", *path]
        return None

    # Without the lock

    def _wait(self, waiter: _Waiter, gate: _Gate) -> None:
        call = current()
        if call is not None:
            call.cancellation.add(gate.open)
        wanted = in_time = False
        try:
            in_time = gate.pass_through()
            wanted = True
        finally:
            if call is not None:
                call.cancellation.discard(gate.open)
            with lock:
                wanted = wanted and waiter.admitted and not over(call)
                if not wanted:
                    self._give_up(waiter)
        if not wanted and not in_time:
            raise CallTimeout(f"the turn to call {self.what} did not come within the deadline")
        if not wanted:
            raise Abandoned

    def _give_up(self, waiter: _Waiter) -> None:
        if waiter.admitted:
            self._return(waiter.chain)
        else:
            waiter.chain.waits_for = None
            self._line.remove(waiter)
            self._admit()
