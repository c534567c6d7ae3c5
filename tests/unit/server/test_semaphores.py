import threading
from typing import Any

import pytest

from manor._server.primitives import BoundedSemaphore, DeadOwner, Semaphore
from manor._server.waiting import Abandoned
from tests.unit.server.clients import clients, watch

KINDS = [Semaphore, BoundedSemaphore]
pytestmark = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
Kind = type[Semaphore]


def free(semaphore: Semaphore) -> int:
    """How many permits can be taken; puts them back."""
    taken = 0
    while semaphore.acquire(blocking=False):
        taken += 1
    if taken:
        semaphore.release(taken)
    return taken


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("acquire", (False, 1)),
        ("acquire", (False, -1)),
        ("acquire", (False,)),
        ("acquire", (True, 0)),
        ("acquire", (True, -1)),
        ("acquire", (True, -5.0)),
        ("release", (0,)),
        ("release", (-1,)),
        ("release", (2,)),
        ("release", ()),
    ],
)
@pytest.mark.parametrize("value", [0, 1])
def test_arguments_mean_what_they_mean_to_threading(kind: Kind, value: int, method: str, args: tuple[Any, ...]) -> None:
    def outcome(semaphore: Any) -> object:
        try:
            return getattr(semaphore, method)(*args)
        except ValueError as error:
            return str(error)

    assert outcome(kind(value)) == outcome(getattr(threading, kind.__name__)(value))


def test_a_negative_value_is_the_error_of_threading(kind: Kind) -> None:
    with pytest.raises(ValueError, match="semaphore initial value must be >= 0"):
        kind(-1)


def test_permits_run_out_and_come_back(kind: Kind) -> None:
    semaphore = kind(2)
    assert not semaphore.locked()
    assert semaphore.acquire()
    assert semaphore.acquire(timeout=1)
    assert semaphore.locked()
    assert not semaphore.acquire(blocking=False)
    assert not semaphore.acquire(timeout=0.001)
    semaphore.release(2)
    assert free(semaphore) == 2


def test_a_semaphore_counts_beyond_its_first_value_and_a_bounded_one_refuses(kind: Kind) -> None:
    semaphore = kind(1)
    if kind is Semaphore:
        semaphore.release(3)
        assert free(semaphore) == 4
    else:
        with pytest.raises(ValueError, match="Semaphore released too many times"):
            semaphore.release()
        with pytest.raises(ValueError, match="Semaphore released too many times"):
            semaphore.leave()
        semaphore.acquire()
        with pytest.raises(ValueError, match="Semaphore released too many times"):
            semaphore.release(2)
        assert free(semaphore) == 0


def test_releasing_n_wakes_n(kind: Kind) -> None:
    semaphore = kind(3)
    until_waiting = watch(semaphore._free)
    with clients(4) as (holder, *waiters):
        for _ in range(3):
            holder.run(semaphore.acquire)
        pending = [waiter.start(semaphore.acquire) for waiter in waiters]
        until_waiting(3)
        holder.run(semaphore.release, 3)
        assert all(one.result() for one in pending)


def test_a_cancelled_acquire_takes_no_permit(kind: Kind) -> None:
    semaphore = kind(1)
    until_waiting = watch(semaphore._free)
    with clients(2) as (holder, other):
        holder.run(semaphore.acquire)
        pending = other.start(semaphore.acquire)
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        holder.run(semaphore.release)
        assert free(semaphore) == 1


def test_an_acquire_cancelled_when_it_is_its_turn_lets_the_next_one_in(kind: Kind) -> None:
    semaphore = kind(1)
    until_waiting = watch(semaphore._free)
    with clients(3) as (holder, first, second):
        holder.run(semaphore.acquire)
        one = first.start(semaphore.acquire)
        until_waiting(1)
        other = second.start(semaphore.acquire)
        until_waiting(2)
        with semaphore._free:
            semaphore._value += 1
            semaphore._free.notify()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True


@pytest.mark.parametrize("method", ["acquire", "enter"])
def test_a_permit_whose_taker_never_learnt_of_it_goes_to_the_next(kind: Kind, method: str) -> None:
    semaphore = kind(1)
    until_waiting = watch(semaphore._free)
    with clients(2) as (loser, other):
        lost = loser.start(getattr(semaphore, method))
        lost.result()
        pending = other.start(semaphore.acquire)
        until_waiting(1)
        loser.undo(lost)
        assert pending.result() is True
        semaphore.release_dead(loser.process)
        assert semaphore.locked()  # what was undone is not given back again


@pytest.mark.parametrize("method", ["acquire", "enter"])
def test_undo_and_death_together_give_one_permit_back(kind: Kind, method: str) -> None:
    semaphore = kind(3) if kind is BoundedSemaphore else Semaphore(3, release_on_death=True)
    with clients(2) as (dead, other):
        lost = dead.start(getattr(semaphore, method))
        lost.result()
        other.run(semaphore.acquire)
        other.run(semaphore.acquire)
        semaphore.release_dead(dead.process)
        dead.undo(lost)
        assert free(semaphore) == 1


def test_a_killed_process_gives_back_what_it_cannot_have_meant_to_keep(kind: Kind) -> None:
    semaphore = kind(3)
    with clients(2) as (dead, heir):
        dead.run(semaphore.acquire)
        dead.run(semaphore.acquire)
        dead.run(semaphore.enter)
        pending = heir.start(semaphore.acquire_noting_death)
        semaphore.release_dead(dead.process)
        assert pending.result() == (True, DeadOwner(dead.process.pid, dead.process.name))
        assert free(semaphore) == (0 if kind is Semaphore else 2)


def test_an_option_makes_a_semaphore_give_back_all(kind: Kind) -> None:
    semaphore = kind(2) if kind is BoundedSemaphore else Semaphore(2, release_on_death=True)
    with clients(1) as (dead,):
        dead.run(semaphore.acquire)
        dead.run(semaphore.acquire)
        semaphore.release_dead(dead.process)
        assert free(semaphore) == 2


def test_what_was_left_or_released_before_the_death_is_not_given_back(kind: Kind) -> None:
    semaphore = kind(5) if kind is BoundedSemaphore else Semaphore(5, release_on_death=True)
    with clients(2) as (dead, other):
        for _ in range(2):
            dead.run(semaphore.enter)
        dead.run(semaphore.leave)
        dead.run(semaphore.release)
        other.run(semaphore.acquire)
        semaphore.release_dead(dead.process)
        assert free(semaphore) == 4
        assert not semaphore.owner_died()


def test_a_permit_that_another_process_released_is_not_the_dead_ones_any_more(kind: Kind) -> None:
    semaphore = kind(2) if kind is BoundedSemaphore else Semaphore(2, release_on_death=True)
    with clients(3) as (dead, releaser, other):
        dead.run(semaphore.acquire)
        releaser.run(semaphore.release)
        other.run(semaphore.acquire)
        semaphore.release_dead(dead.process)
        assert free(semaphore) == 1


def test_entering_is_not_confused_with_signals_of_the_same_process(kind: Kind) -> None:
    if kind is BoundedSemaphore:
        pytest.skip("permits of a bounded semaphore are no signals")
    semaphore = kind(1)
    with clients(1) as (dead,):
        dead.run(semaphore.enter)
        dead.run(semaphore.release)  # a signal to somebody else
        semaphore.release_dead(dead.process)
        assert free(semaphore) == 2


def test_news_of_a_death_lasts_until_the_one_who_learnt_of_it_releases(kind: Kind) -> None:
    semaphore = kind(3)
    with clients(3) as (dead, heir, other):
        dead.run(semaphore.enter)
        assert not semaphore.owner_died()
        semaphore.release_dead(dead.process)
        assert semaphore.owner_died()
        assert heir.run(semaphore.enter) is not None
        assert other.run(semaphore.enter) is None
        other.run(semaphore.leave)
        assert semaphore.owner_died()
        heir.run(semaphore.leave)
        assert not semaphore.owner_died()


def test_news_of_a_death_outlives_the_one_who_should_have_had_it(kind: Kind) -> None:
    semaphore = kind(4)
    with clients(4) as (dead, loser, unlucky, heir):
        dead.run(semaphore.enter)
        semaphore.release_dead(dead.process)
        loser.lose(semaphore.acquire_noting_death)
        assert unlucky.run(semaphore.acquire_noting_death)[1] is not None
        semaphore.release_dead(unlucky.process)
        assert heir.run(semaphore.acquire_noting_death)[1] is not None


def test_a_dead_process_takes_no_permit_any_more(kind: Kind) -> None:
    semaphore = kind(1)
    until_waiting = watch(semaphore._free)
    with clients(2) as (holder, dead):
        holder.run(semaphore.acquire)
        pending = dead.start(semaphore.acquire)
        until_waiting(1)
        semaphore.release_dead(dead.process)
        assert isinstance(pending.error(), Abandoned)
        holder.run(semaphore.release)
        assert isinstance(dead.start(semaphore.acquire).error(), Abandoned)
        assert free(semaphore) == 1


def test_the_servers_own_threads_take_permits_too(kind: Kind) -> None:
    semaphore = kind(1)
    assert semaphore.enter() is None
    semaphore.leave()
    assert free(semaphore) == 1
