"""A meeting point: nobody goes on before all parties have come.

Theory of operation. Each round of the barrier is a generation, an object of its own, and every waiter looks
only at the one it came in. So a new round may fill while the waiters of the last one are still waking up. The
action runs without the monitor's lock, with the generation *acting*: who comes then waits to see how it ends.
"""

import threading
from collections.abc import Callable
from enum import Enum
from threading import BrokenBarrierError

from manor._server.attendance import Attendance
from manor._server.calls import Process, bury, caller, current
from manor._server.waiting import Abandoned, nobody, wait_until
from manor._wire.people import Waiter


class _State(Enum):
    FILLING = "filling"
    ACTING = "acting"
    PASSED = "passed"
    BROKEN = "broken"


class _Generation:
    """One round: how many have arrived, and from which client processes somebody has waited."""

    __slots__ = ("arrived", "processes", "state")

    def __init__(self) -> None:
        self.state = _State.FILLING
        self.arrived = 0
        self.processes: set[Process] = set()


class Barrier:
    """`threading.Barrier` for callers in many processes. A monitor: `_changed` guards all else.

    A cancelled wait leaves the barrier as if it had not come; the others go on waiting. If its process turns
    out to have died, the party will never come, and `release_dead` breaks the barrier.

    Args:
        parties: How many have to come.
        action: Called by one of them before all go on.
        timeout: In seconds, for waits that name none.
    """

    def __init__(self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None) -> None:
        threading.Barrier(parties)  # refuses what this version of Python refuses
        self._parties = parties
        self._action = action
        self._timeout = timeout
        self._changed = threading.Condition(threading.Lock())
        self._generation = _Generation()
        self._attendance = Attendance()

    @property
    def waiters(self) -> list[Waiter]:
        """The threads that have come, the first to come first."""
        return self._attendance.waiters

    @property
    def parties(self) -> int:
        """How many have to come."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many have come and wait for the others."""
        generation = self._generation
        return generation.arrived if generation.state is _State.FILLING else 0

    @property
    def broken(self) -> bool:
        """Whether it was broken and not reset since."""
        return self._generation.state is _State.BROKEN

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the others; a different number from 0 to parties-1 for each.

        Raises:
            BrokenBarrierError: It is broken, or was broken or reset meanwhile, or the time has passed (which
                breaks it).
            Abandoned: The call is over; the barrier waits for another party.
        """
        with self._changed:
            wait_until(self._changed, lambda: self._generation.state is not _State.ACTING, forward=nobody)
            generation = self._generation
            if generation.state is _State.BROKEN:
                raise BrokenBarrierError
            index = generation.arrived
            generation.arrived += 1
            if generation.arrived != self._parties:
                with self._attendance.of(caller()):
                    self._await(generation, self._timeout if timeout is None else timeout)
                return index
            generation.state = _State.ACTING
        self._act(generation)
        return index

    def reset(self) -> None:
        """Start afresh; whoever waits gets BrokenBarrierError."""
        with self._changed:
            self._break(self._generation)
            self._generation = _Generation()

    def abort(self) -> None:
        """Break it: whoever waits or comes gets BrokenBarrierError, until it is reset."""
        with self._changed:
            self._break(self._generation)

    def release_dead(self, process: Process) -> None:
        """Break it if `process`, which died abnormally, waited in the current generation."""
        bury(process)
        with self._changed:
            if process in self._generation.processes:
                self._break(self._generation)

    def _await(self, generation: _Generation, timeout: float | None) -> None:
        call = current()
        if call is not None:
            generation.processes.add(call.process)
        try:
            if not wait_until(self._changed, lambda: generation.state is not _State.FILLING, timeout, nobody):
                self._break(generation)
            # All have come: the time limit no longer counts.
            wait_until(self._changed, lambda: generation.state is not _State.ACTING, forward=nobody)
        except Abandoned:
            generation.arrived -= 1  # matters only while it is filling
            raise
        if generation.state is _State.BROKEN:
            raise BrokenBarrierError

    def _act(self, generation: _Generation) -> None:
        try:
            if self._action is not None:
                self._action()
        except BaseException:
            with self._changed:
                self._break(generation)
            raise
        with self._changed:
            if generation.state is _State.BROKEN:
                raise BrokenBarrierError
            generation.state = _State.PASSED
            self._generation = _Generation()
            self._changed.notify_all()

    def _break(self, generation: _Generation) -> None:
        generation.state = _State.BROKEN
        self._changed.notify_all()
