import pytest

from manor._server.primitives import DeadOwner, Lock, RLock
from manor._server.waiting import Abandoned
from tests.unit.server.clients import clients, watch

KINDS = [Lock, RLock]
AnyLock = Lock | RLock


@pytest.fixture(params=KINDS, ids=lambda kind: str(kind.__name__))
def lock(request: pytest.FixtureRequest) -> AnyLock:
    made: AnyLock = request.param()
    return made


def test_what_a_killed_process_held_goes_to_the_next_who_learns_of_it_until_it_releases(lock: AnyLock) -> None:
    until_waiting = watch(lock._free)
    with clients(3) as (dead, heir, later):
        dead.run(lock.acquire)
        pending = heir.start(lock.acquire_noting_death)
        until_waiting(1)
        assert not lock.owner_died()
        lock.release_dead(dead.process)
        death = DeadOwner(dead.process.pid, dead.process.name)
        assert pending.result() == (True, death)
        assert lock.owner_died()
        heir.run(lock.release)
        assert not lock.owner_died()
        assert later.run(lock.acquire_noting_death) == (True, None)


def test_the_news_of_a_death_is_not_lost_with_the_answer_that_bore_it(lock: AnyLock) -> None:
    with clients(3) as (dead, loser, heir):
        dead.run(lock.acquire)
        lock.release_dead(dead.process)
        loser.lose(lock.acquire_noting_death)
        taken, death = heir.run(lock.acquire_noting_death)
        assert taken
        assert death is not None


def test_the_news_is_of_the_latest_death(lock: AnyLock) -> None:
    with clients(3) as (first, second, heir):
        first.run(lock.acquire)
        lock.release_dead(first.process)
        second.run(lock.acquire)
        lock.release_dead(second.process)
        _, death = heir.run(lock.acquire_noting_death)
        assert death is not None
        assert death.pid == second.process.pid


def test_a_failed_acquire_learns_of_no_death(lock: AnyLock) -> None:
    with clients(3) as (dead, heir, other):
        dead.run(lock.acquire)
        lock.release_dead(dead.process)
        heir.run(lock.acquire)
        assert other.run(lock.acquire_noting_death, False) == (False, None)


def test_a_death_releases_nothing_of_others(lock: AnyLock) -> None:
    with clients(2) as (owner, dead):
        owner.run(lock.acquire)
        lock.release_dead(dead.process)
        assert lock.locked()
        assert not lock.owner_died()


def test_a_lock_that_another_process_released_since_is_not_the_dead_ones() -> None:
    lock = Lock()
    with clients(3) as (dead, releaser, owner):
        dead.run(lock.acquire)
        releaser.run(lock.release)
        owner.run(lock.acquire)
        lock.release_dead(dead.process)
        assert lock.locked()


def test_undo_and_death_together_release_once(lock: AnyLock) -> None:
    with clients(2) as (dead, other):
        lost = dead.start(lock.acquire)
        lost.result()
        lock.release_dead(dead.process)
        other.run(lock.acquire)
        dead.undo(lost)
        assert lock.locked()


def test_a_dead_process_acquires_nothing_any_more(lock: AnyLock) -> None:
    with clients(1) as (dead,):
        lock.release_dead(dead.process)
        assert isinstance(dead.start(lock.acquire).error(), Abandoned)
        assert not lock.locked()


def test_a_dead_waiter_lets_the_next_one_in(lock: AnyLock) -> None:
    until_waiting = watch(lock._free)
    with clients(3) as (owner, dead, other):
        owner.run(lock.acquire)
        one = dead.start(lock.acquire)
        until_waiting(1)
        pending = other.start(lock.acquire)
        until_waiting(2)
        lock.release_dead(dead.process)
        assert isinstance(one.error(), Abandoned)
        owner.run(lock.release)
        assert pending.result() is True
