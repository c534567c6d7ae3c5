"""A hosted barrier while its action runs."""

import threading
from threading import BrokenBarrierError

import pytest

from manor._server import waiting
from manor._server.primitives import Barrier
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, Client, clients, hook, waiting_on, watch


class Acting:
    """A hosted barrier of two whose action is under way."""

    def __init__(self, first: Client, second: Client) -> None:
        self.begun, self.end = threading.Event(), threading.Event()
        self.barrier = Barrier(2, self.act)
        self.until_waiting = watch(self.barrier._changed)
        self.awake = threading.Event()
        hook(self.barrier._changed, "_acquire_restore", self.awake.set)
        self.one = first.start(self.barrier.wait, LIMIT_S)
        self.until_waiting(1)
        self.last = second.start(self.barrier.wait)
        assert self.begun.wait(LIMIT_S)

    def act(self) -> None:
        self.begun.set()
        assert self.end.wait(LIMIT_S)


class Clock:
    """Stands in for the module `time`."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_the_action_is_not_cut_short_by_a_time_limit_and_later_comers_wait_for_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    with clients(4) as (first, second, third, fourth):
        acting = Acting(first, second)
        clock.now = 2 * LIMIT_S
        acting.barrier._changed._waiters[0].leave()  # type: ignore[attr-defined]
        assert acting.awake.wait(LIMIT_S)  # its time is over, and it has noticed
        later = third.start(acting.barrier.wait)
        acting.until_waiting(2)
        assert acting.barrier.n_waiting == 0
        acting.end.set()
        assert {acting.one.result(), acting.last.result()} == {0, 1}
        assert {fourth.run(acting.barrier.wait), later.result()} == {0, 1}


@pytest.mark.parametrize("method", ["abort", "reset"])
def test_the_barrier_may_be_broken_while_the_action_runs(method: str) -> None:
    with clients(2) as (first, second):
        acting = Acting(first, second)
        getattr(acting.barrier, method)()
        acting.end.set()
        assert isinstance(acting.one.error(), BrokenBarrierError)
        assert isinstance(acting.last.error(), BrokenBarrierError)
        assert acting.barrier.broken == (method == "abort")


def test_a_wait_cancelled_while_the_action_runs_still_counts() -> None:
    with clients(2) as (first, second):
        acting = Acting(first, second)
        acting.one.cancel()
        assert isinstance(acting.one.error(), Abandoned)
        acting.end.set()
        assert acting.last.result() == 1
        assert not waiting_on(acting.barrier._changed)
