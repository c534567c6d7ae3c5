"""Barrier does what that of `threading` does, by every way to reach it."""

import threading
from threading import BrokenBarrierError
from typing import Any

import pytest

from tests.conformance.meeting import SHORT_S, all_of, elapsed_s, threads
from tests.conformance.subjects import (
    LIMIT_S,
    LOCKS,
    OUR_LOCKS,
    SHARED_LOCKS,
    THREADING,
    Subject,
    on,
    outcome,
    register,
    until,
)

EVERYWHERE, SHARED = on(*LOCKS), on(*SHARED_LOCKS)


def state(barrier: Any) -> tuple[int, int, bool]:
    return barrier.parties, barrier.n_waiting, barrier.broken


def broken_by(barrier: Any, *args: Any) -> bool:
    """Whether a wait ends because the barrier is broken."""
    try:
        barrier.wait(*args)
    except BrokenBarrierError:
        return True
    return False


@EVERYWHERE
def test_it_tells_parties_waiting_and_broken(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    assert state(barrier) == (3, 0, False)
    with threads(2) as others:
        waiting = [others.submit(barrier.wait) for _ in range(2)]
        until(lambda: barrier.n_waiting == 2)
        assert state(barrier) == (3, 2, False)
        last = barrier.wait()
        assert sorted([last, *all_of(waiting)]) == [0, 1, 2]
    assert state(barrier) == (3, 0, False)


@EVERYWHERE
def test_each_party_gets_its_number_round_after_round(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(4)
    with threads(4) as parties:
        rounds = all_of([parties.submit(lambda: [barrier.wait(LIMIT_S) for _ in range(5)]) for _ in range(4)])
    assert [sorted(each) for each in zip(*rounds, strict=True)] == [[0, 1, 2, 3]] * 5


@EVERYWHERE
def test_nobody_goes_on_before_all_have_come(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    came: list[None] = []

    def meet() -> int:
        came.append(None)
        barrier.wait(LIMIT_S)
        return len(came)

    with threads(3) as parties:
        assert all_of([parties.submit(meet) for _ in range(3)]) == [3] * 3


@EVERYWHERE
def test_a_barrier_for_one_holds_nobody_up(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(1)
    assert [barrier.wait(), barrier.wait(0)] == [0, 0]


@on(*OUR_LOCKS)  # the standard library's error arrives as text, if this Python has one
def test_a_barrier_for_nobody_is_what_threading_says(subject: Subject, manager: Any) -> None:
    for parties in (0, "two"):
        expected = outcome(lambda parties=parties: threading.Barrier(parties))
        found = outcome(lambda parties=parties: manager.Barrier(parties))
        assert found[0] == expected[0]
        assert found[0] == "returns" or issubclass(found[1], expected[1])


# Broken


@EVERYWHERE
def test_a_wait_out_of_time_breaks_it_for_all(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    with threads(1) as other:
        waiting = other.submit(broken_by, barrier)
        until(lambda: barrier.n_waiting == 1)
        with elapsed_s(SHORT_S):
            assert broken_by(barrier, SHORT_S)
        assert waiting.result(LIMIT_S)
    assert barrier.broken
    assert broken_by(barrier)


@EVERYWHERE
def test_it_has_a_time_limit_of_its_own_and_a_wait_may_have_another(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(2, None, SHORT_S)
    with elapsed_s(SHORT_S):
        assert broken_by(barrier)
    barrier = manager.Barrier(2, timeout=LIMIT_S)
    with elapsed_s(SHORT_S):
        assert broken_by(barrier, SHORT_S)
    barrier = manager.Barrier(2, timeout=0.001)
    with threads(1) as other:
        waiting = other.submit(barrier.wait, LIMIT_S)
        until(lambda: barrier.n_waiting == 1)
        assert sorted([barrier.wait(LIMIT_S), waiting.result(LIMIT_S)]) == [0, 1]


@EVERYWHERE
def test_aborting_breaks_it_until_it_is_reset(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    with threads(2) as others:
        waiting = [others.submit(broken_by, barrier) for _ in range(2)]
        until(lambda: barrier.n_waiting == 2)
        assert barrier.abort() is None
        assert all_of(waiting) == [True, True]
        assert state(barrier) == (3, 0, True)
        assert broken_by(barrier, LIMIT_S)
        assert barrier.reset() is None
        assert state(barrier) == (3, 0, False)
        again = [others.submit(barrier.wait, LIMIT_S) for _ in range(2)]
        assert sorted([barrier.wait(LIMIT_S), *all_of(again)]) == [0, 1, 2]


@EVERYWHERE
def test_resetting_sends_away_who_waits_and_leaves_it_whole(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    with threads(2) as others:
        waiting = [others.submit(broken_by, barrier) for _ in range(2)]
        until(lambda: barrier.n_waiting == 2)
        barrier.reset()
        assert all_of(waiting) == [True, True]
        until(lambda: state(barrier) == (3, 0, False))
        again = [others.submit(barrier.wait, LIMIT_S) for _ in range(2)]
        assert sorted([barrier.wait(LIMIT_S), *all_of(again)]) == [0, 1, 2]


@EVERYWHERE
def test_resetting_a_barrier_at_which_nobody_waits_changes_nothing(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(2)
    barrier.reset()
    assert state(barrier) == (2, 0, False)


# Its action


def fail() -> None:
    raise LookupError("the action")


@EVERYWHERE
def test_a_failing_action_is_the_last_ones_error_and_breaks_it(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(2, fail)
    with threads(1) as other:
        waiting = other.submit(broken_by, barrier)
        until(lambda: barrier.n_waiting == 1)
        with pytest.raises(LookupError, match="the action"):
            barrier.wait()
        assert waiting.result(LIMIT_S)
    assert barrier.broken


ROUNDS: list[None] = []


def count() -> None:
    ROUNDS.append(None)


class Rounds:
    """Tells how often the action ran, where it runs."""

    def counted(self) -> int:
        return len(ROUNDS)


register("Rounds", Rounds)


@EVERYWHERE
def test_an_action_runs_once_before_anybody_goes_on(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(2, action=count)
    counted = (Rounds() if subject is THREADING else manager.Rounds()).counted
    before = counted()
    with threads(1) as other:
        for done in range(1, 4):
            waiting = other.submit(lambda: (barrier.wait(LIMIT_S), counted())[1])
            barrier.wait(LIMIT_S)
            assert [counted(), waiting.result(LIMIT_S)] == [before + done] * 2


# Among processes


def meet(barrier: Any) -> int:
    return int(barrier.wait(LIMIT_S))


@SHARED
def test_processes_meet_at_it(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(3)
    with threads(2) as others:
        children = [others.submit(subject.run_in_child, meet, barrier) for _ in range(2)]
        assert sorted([barrier.wait(LIMIT_S), *all_of(children)]) == [0, 1, 2]


def abort(barrier: Any) -> None:
    barrier.abort()


@SHARED
def test_another_process_may_break_it(subject: Subject, manager: Any) -> None:
    barrier = manager.Barrier(2)
    with threads(1) as other:
        waiting = other.submit(broken_by, barrier)
        until(lambda: barrier.n_waiting == 1)
        subject.run_in_child(abort, barrier)
        assert waiting.result(LIMIT_S)
    assert state(barrier) == (2, 0, True)
