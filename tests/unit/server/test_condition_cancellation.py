import threading

import pytest

from manor._server.primitives import DeadOwner, Lock, RLock
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, Pending, clients, waiting_on, watch
from tests.unit.server.conditions import Room


@pytest.fixture(params=[None, Lock, RLock], ids=["own lock", "Lock", "RLock"])
def room(request: pytest.FixtureRequest) -> Room:
    return Room(request.param and request.param())


def test_a_cancelled_wait_of_a_living_process_ends_with_the_lock_held(room: Room) -> None:
    with clients(2) as (waiter, other):
        (pending,) = room.waiting(waiter)
        other.run(room.condition.acquire)
        pending.cancel()
        other.run(room.condition.release)
        assert isinstance(pending.error(), Abandoned)
        assert room.condition.locked()
        waiter.run(room.condition.release)
        assert not room.condition.locked()
        assert not waiting_on(room.condition._signal)


@pytest.mark.parametrize("step", ["release", "notify"])
def test_a_thread_that_was_interrupted_in_a_wait_and_comes_back_finds_the_lock_held(room: Room, step: str) -> None:
    with clients(2) as (waiter, other):
        (interrupted,) = room.waiting(waiter)
        other.run(room.condition.acquire)
        again = waiter.another_session()
        restored_wanted = watch(room.condition._lock._restored)
        early = again.start(getattr(room.condition, step))  # the server has not even seen the interruption yet
        restored_wanted(1)
        interrupted.cancel()
        other.run(room.condition.release)
        assert isinstance(interrupted.error(), Abandoned)
        early.result()
        if step == "notify":
            again.run(room.condition.release)
        assert not room.condition.locked()
        again.close()


def test_a_dead_process_is_not_waited_for_by_another_of_its_sessions(room: Room) -> None:
    with clients(1) as (dead,):
        (one,) = room.waiting(dead)
        again = dead.another_session()
        restored_wanted = watch(room.condition._lock._restored)
        early = again.start(room.condition.release)
        restored_wanted(1)
        one.cancel()
        room.condition.release_dead(dead.process)
        assert isinstance(one.error(), Abandoned)
        assert isinstance(early.error(), Abandoned)
        assert not room.condition.locked()
        again.close()


def test_a_wait_cancelled_before_it_begins_keeps_the_lock(room: Room) -> None:
    begin = threading.Event()
    with clients(1) as (client,):
        client.run(room.condition.acquire)
        client.start(begin.wait)
        pending = client.start(room.condition.wait)
        pending.cancel()
        begin.set()
        assert isinstance(pending.error(), Abandoned)
        assert room.condition.locked()


def test_a_dead_waiter_takes_no_lock_and_no_notification(room: Room) -> None:
    with clients(3) as (dead, waiter, notifier):
        one, other = room.waiting(dead, waiter)
        notifier.run(room.condition.acquire)
        one.cancel()
        room.condition.release_dead(dead.process)
        assert isinstance(one.error(), Abandoned)  # though somebody else has the lock
        notifier.run(room.condition.notify)
        notifier.run(room.condition.release)
        assert other.result() is True
        waiter.run(room.condition.release)
        assert not room.condition.locked()


def test_a_dead_waiter_that_was_not_cancelled_takes_no_notification(room: Room) -> None:
    with clients(3) as (dead, waiter, notifier):
        one, other = room.waiting(dead, waiter)
        room.condition.release_dead(dead.process)
        room.notify(notifier)
        assert other.result() is True
        assert isinstance(one.error(), Abandoned)


def test_a_waiter_that_dies_waiting_for_the_lock_passes_its_notification_on(room: Room) -> None:
    lock_wanted = watch(room.condition._lock._free)
    with clients(3) as (dead, waiter, notifier):
        one, other = room.waiting(dead, waiter)
        notifier.run(room.condition.acquire)
        notifier.run(room.condition.notify)
        lock_wanted(1)
        room.condition.release_dead(dead.process)
        assert isinstance(one.error(), Abandoned)
        notifier.run(room.condition.release)
        assert other.result() is True


def test_a_waiter_that_dies_when_it_is_to_get_the_lock_lets_the_next_one_have_it(room: Room) -> None:
    mutex = room.condition._lock
    lock_wanted = watch(mutex._free)
    with clients(3) as (dead, other, notifier):
        (one,) = room.waiting(dead)
        notifier.run(room.condition.acquire)
        notifier.run(room.condition.notify)
        lock_wanted(1)
        pending = other.start(room.condition.acquire)
        lock_wanted(2)

        def release_and_die() -> None:
            from manor._server.calls import bury

            with mutex._free:
                mutex._vacate(mutex._holding_to_release())
                bury(dead.process)

        notifier.run(release_and_die)
        assert isinstance(one.error(), Abandoned)
        assert pending.result() is True


def test_a_wait_cancelled_after_the_notification_passes_it_on(room: Room) -> None:
    lock_wanted = watch(room.condition._lock._free)
    with clients(3) as (interrupted, waiter, notifier):
        one, other = room.waiting(interrupted, waiter)
        notifier.run(room.condition.acquire)
        notifier.run(room.condition.notify)
        lock_wanted(1)  # it has seen the notification
        one.cancel()
        notifier.run(room.condition.release)
        assert isinstance(one.error(), Abandoned)
        interrupted.run(room.condition.release)
        assert other.result() is True


def test_a_notification_whose_receiver_never_learnt_of_it_goes_to_the_next(room: Room) -> None:
    with clients(3) as (loser, waiter, notifier):
        lost, other = room.waiting(loser, waiter)
        room.notify(notifier)
        assert lost.result() is True
        loser.undo(lost)
        loser.run(room.condition.release)
        assert other.result() is True


def test_a_lost_answer_to_notify_all_wakes_nobody_who_came_later(room: Room) -> None:
    with clients(3) as (loser, later, notifier):
        (lost,) = room.waiting(loser)
        room.holding(notifier, room.condition.notify_all)
        assert lost.result() is True
        loser.run(room.condition.release)
        (other,) = room.waiting(later)
        loser.undo(lost)
        assert waiting_on(room.condition._signal) == 1
        room.notify(notifier)
        assert other.result() is True


def test_a_timed_out_wait_has_nothing_to_undo(room: Room) -> None:
    with clients(1) as (loser,):
        timed_out = room.wait(loser, 0.001)
        assert timed_out.result() is False
        assert timed_out.call.undo == []


def test_the_lock_of_a_killed_process_is_given_back(room: Room) -> None:
    with clients(2) as (dead, heir):
        dead.run(room.condition.enter)
        room.condition.release_dead(dead.process)
        assert room.condition.owner_died()
        death = heir.run(room.condition.enter)
        assert isinstance(death, DeadOwner)
        assert (death.pid, death.process_name) == (dead.process.pid, dead.process.name)
        heir.run(room.condition.leave)
        assert not room.condition.owner_died()
        assert heir.run(room.condition.acquire_noting_death, True, 1) == (True, None)


def test_who_enters_after_a_death_in_a_with_block_learns_of_it() -> None:
    room = Room()
    with clients(2) as (dead, heir):
        dead.run(room.condition.enter)
        room.condition.release_dead(dead.process)
        assert heir.run(room.condition.enter) == DeadOwner(dead.process.pid, dead.process.name)


def test_a_waiter_learns_that_somebody_died_holding_the_lock_meanwhile(room: Room) -> None:
    with clients(2) as (waiter, dead):
        waiter.run(room.condition.acquire)
        pending = waiter.start(room.condition.wait_noting_death)
        room.until_waiting(1)
        dead.run(room.condition.acquire)
        dead.run(room.condition.notify)
        room.condition.release_dead(dead.process)
        notified, death = pending.result()
        assert notified
        assert death is not None
        assert death.pid == dead.process.pid


def test_no_wake_up_is_lost_among_waiters_that_give_up() -> None:
    room = Room()
    for _ in range(20):
        with clients(12) as them:
            pending = dict(zip(them, room.waiting(*them), strict=True))
            together = threading.Barrier(2)

            def cancel(half: list[Pending[bool]], together: threading.Barrier = together) -> None:
                together.wait(LIMIT_S)
                for one in half:
                    one.cancel()

            canceller = threading.Thread(target=cancel, args=(list(pending.values())[::2],))
            canceller.start()
            room.condition.acquire()
            together.wait(LIMIT_S)
            room.condition.notify(6)
            canceller.join()
            room.condition.release()  # none could end before
            # Six have been cancelled, and six notified: those who were both have passed it on.
            room.let_out(pending, 12)
            assert sum(one.error() is None for one in pending.values()) == 6
