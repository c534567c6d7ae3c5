"""Both barriers, hosted and adapted, keep the same promises."""

import threading
from threading import BrokenBarrierError
from typing import Any

import pytest

from manor._server.adapters import adapt
from manor._server.calls import current
from manor._server.primitives import Barrier
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, Client, ClientProcess, Pending, clients, hook, linger_on_waking, watch


class Meeting:
    """A barrier of either kind."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        self.barrier: Any
        if kind == "hosted":
            self.barrier = Barrier(*args, **kwargs)
            self.condition = self.barrier._changed
            self.release_dead = self.barrier.release_dead
        else:
            self.barrier = threading.Barrier(*args, **kwargs)
            self.condition = self.barrier._cond
            adapter = adapt(self.barrier)
            assert adapter is not None
            assert adapter.method("wait") is None
            self.adapter = adapter
            self.release_dead = adapter.release_dead
        self.until_waiting = watch(self.condition)

    def waiting(self, *them: Client) -> list[Pending[int]]:
        pending = []
        for client in them:
            pending.append(client.start(self.barrier.wait))
            self.until_waiting(len(pending))
        return pending


@pytest.fixture(params=["hosted", "adapted"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_all_go_on_when_the_last_one_has_come_each_with_another_number(kind: str) -> None:
    meeting = Meeting(kind, 3)
    assert (meeting.barrier.parties, meeting.barrier.n_waiting, meeting.barrier.broken) == (3, 0, False)
    with clients(3) as them:
        for _ in range(5):
            pending = meeting.waiting(*them[:2])
            assert meeting.barrier.n_waiting == 2
            pending.append(them[2].start(meeting.barrier.wait))
            assert sorted(one.result() for one in pending) == [0, 1, 2]
            assert meeting.barrier.n_waiting == 0


def test_one_party_never_waits(kind: str) -> None:
    meeting = Meeting(kind, 1)
    assert [meeting.barrier.wait() for _ in range(3)] == [0, 0, 0]


def test_a_number_of_parties_is_refused_as_threading_refuses_it() -> None:
    def outcome(make: Any) -> object:
        try:
            return make(0).parties
        except ValueError as error:
            return str(error)

    assert outcome(Barrier) == outcome(threading.Barrier)


def test_the_action_runs_once_before_anybody_goes_on(kind: str) -> None:
    calls: list[int] = []
    meeting = Meeting(kind, 2, lambda: calls.append(1))
    with clients(2) as (first, second):
        (pending,) = meeting.waiting(first)
        assert not calls
        second.run(meeting.barrier.wait)
        assert calls == [1]
        pending.result()


def test_a_failing_action_breaks_the_barrier(kind: str) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    meeting = Meeting(kind, 2, fail)
    with clients(2) as (first, second):
        (pending,) = meeting.waiting(first)
        assert isinstance(second.start(meeting.barrier.wait).error(), ZeroDivisionError)
        assert isinstance(pending.error(), BrokenBarrierError)
        assert meeting.barrier.broken


@pytest.mark.parametrize("default", [True, False])
def test_a_time_limit_breaks_it_for_all(kind: str, default: bool) -> None:
    meeting = Meeting(kind, 3, timeout=0.001 if default else None)
    with clients(2) as (first, second):
        pending = first.start(meeting.barrier.wait, 60 if default else None)
        meeting.until_waiting(1)
        error = second.start(meeting.barrier.wait, *(() if default else (0.001,))).error()
        assert isinstance(error, BrokenBarrierError)
        assert isinstance(pending.error(), BrokenBarrierError)
        assert meeting.barrier.broken
        assert isinstance(second.start(meeting.barrier.wait).error(), BrokenBarrierError)


def test_aborting_breaks_it_until_it_is_reset(kind: str) -> None:
    meeting = Meeting(kind, 2)
    with clients(2) as (first, second):
        (pending,) = meeting.waiting(first)
        meeting.barrier.abort()
        assert isinstance(pending.error(), BrokenBarrierError)
        assert meeting.barrier.broken
        meeting.barrier.reset()
        assert not meeting.barrier.broken
        (pending,) = meeting.waiting(first)
        second.run(meeting.barrier.wait)
        pending.result()


def test_resetting_breaks_the_waiters_only(kind: str) -> None:
    meeting = Meeting(kind, 2)
    with clients(1) as (first,):
        (pending,) = meeting.waiting(first)
        meeting.barrier.reset()
        assert isinstance(pending.error(), BrokenBarrierError)
        assert not meeting.barrier.broken
        assert meeting.barrier.n_waiting == 0


def test_a_cancelled_wait_is_as_if_it_had_not_come(kind: str) -> None:
    meeting = Meeting(kind, 3)
    with clients(4) as (gone, *rest):
        one, other = meeting.waiting(gone, rest[0])
        one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert meeting.barrier.n_waiting == 1
        assert not meeting.barrier.broken
        third = rest[1].start(meeting.barrier.wait)
        meeting.until_waiting(2)
        assert meeting.barrier.n_waiting == 2
        rest[2].run(meeting.barrier.wait)
        other.result()
        third.result()


def test_a_wait_cancelled_after_all_have_come_does_not_hold_the_others_up(kind: str) -> None:
    meeting = Meeting(kind, 3)
    woken, go = threading.Event(), threading.Event()
    with clients(3) as (gone, second, third):

        def linger() -> None:
            call = current()
            if call is not None and call.process is gone.process:
                woken.set()
                assert go.wait(LIMIT_S)

        hook(meeting.condition, "_acquire_restore", linger)
        one, other = meeting.waiting(gone, second)
        last = third.start(meeting.barrier.wait)
        assert woken.wait(LIMIT_S)
        one.cancel()
        go.set()
        assert isinstance(one.error(), Abandoned)
        assert {other.result(), last.result()} == {1, 2}
        assert not meeting.barrier.broken
        assert meeting.barrier.n_waiting == 0
        again = meeting.waiting(second, third)
        gone.run(meeting.barrier.wait)
        assert sorted(one.result() for one in again) == [0, 1]


def test_a_death_in_the_current_generation_breaks_it_for_the_rest(kind: str) -> None:
    meeting = Meeting(kind, 3)
    with clients(2) as (dead, other):
        one, pending = meeting.waiting(dead, other)
        one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert not meeting.barrier.broken
        meeting.release_dead(dead.process)
        assert isinstance(pending.error(), BrokenBarrierError)
        assert meeting.barrier.broken


def test_a_death_that_is_known_before_the_wait_has_ended_breaks_it_too(kind: str) -> None:
    meeting = Meeting(kind, 3)
    with clients(2) as (dead, other):
        one, pending = meeting.waiting(dead, other)
        meeting.release_dead(dead.process)
        assert isinstance(pending.error(), BrokenBarrierError)
        assert isinstance(one.error(), (Abandoned, BrokenBarrierError))


def test_a_death_after_its_generation_breaks_nothing(kind: str) -> None:
    meeting = Meeting(kind, 2)
    with clients(3) as (dead, other, later):
        (one,) = meeting.waiting(dead)
        other.run(meeting.barrier.wait)
        one.result()
        (pending,) = meeting.waiting(later)
        meeting.release_dead(dead.process)
        assert not meeting.barrier.broken
        other.run(meeting.barrier.wait)
        pending.result()


def test_the_death_of_somebody_who_waits_for_the_next_generation_does_not_break_this_one() -> None:
    meeting = Meeting("adapted", 2)
    with clients(3) as (first, second, dead):
        resume = linger_on_waking(meeting.condition, first)
        (one,) = meeting.waiting(first)
        second.run(meeting.barrier.wait)
        meeting.until_waiting(0)
        early = dead.start(meeting.barrier.wait)
        meeting.until_waiting(1)
        meeting.release_dead(dead.process)
        resume()
        assert one.result() == 0
        assert isinstance(early.error(), Abandoned)
        assert not meeting.barrier.broken


@pytest.mark.parametrize("end", ["reset", "abort and reset"])
def test_a_death_after_a_reset_breaks_nothing(kind: str, end: str) -> None:
    meeting = Meeting(kind, 2)
    with clients(1) as (dead,):
        (one,) = meeting.waiting(dead)
        if "abort" in end:
            meeting.barrier.abort()
        meeting.barrier.reset()
        assert isinstance(one.error(), BrokenBarrierError)
        meeting.release_dead(dead.process)
        assert not meeting.barrier.broken


def test_the_death_of_somebody_who_never_waited_breaks_nothing(kind: str) -> None:
    meeting = Meeting(kind, 2)
    with clients(2) as (first, second):
        (pending,) = meeting.waiting(first)
        meeting.release_dead(ClientProcess())
        second.run(meeting.barrier.wait)
        pending.result()


def test_a_thread_of_the_servers_own_is_a_party_like_any(kind: str) -> None:
    meeting = Meeting(kind, 2)
    numbers: list[int] = []
    thread = threading.Thread(target=lambda: numbers.append(meeting.barrier.wait()))
    thread.start()
    meeting.until_waiting(1)
    with clients(1) as (client,):
        assert client.run(meeting.barrier.wait) == 1
    thread.join(LIMIT_S)
    assert numbers == [0]
