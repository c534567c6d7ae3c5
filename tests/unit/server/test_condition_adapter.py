import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor._server.adapters import adapt, linger
from manor._server.calls import bury
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, Client, ClientProcess, Pending, clients, watch


class Room:
    """A condition of `threading` as the server sees it."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.condition = threading.Condition(lock)
        adapter = adapt(self.condition)
        assert adapter is not None
        self.adapter = adapter
        self.until_waiting = watch(self.condition)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = self.adapter.method(name) or getattr(self.condition, name)
        return method

    def waiting(self, *them: Client) -> list[Pending[bool]]:
        pending = []
        for client in them:
            client.run(self.acquire)
            pending.append(client.start(self.wait))
            self.until_waiting(len(pending))
        return pending

    def notify_as(self, client: Client) -> None:
        client.run(self.acquire)
        client.run(self.notify)
        client.run(self.release)

    def free(self) -> bool:
        """Whether another thread could have the lock."""
        taken: list[bool] = []

        def attempt() -> None:
            taken.append(self.lock.acquire(blocking=False))
            if taken[0]:
                self.lock.release()

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        return taken[0]


@pytest.fixture(params=[threading.Lock, threading.RLock], ids=["Lock", "RLock"])
def room(request: pytest.FixtureRequest) -> Room:
    return Room(request.param())


def test_a_condition_waits_and_notifies_as_ever(room: Room) -> None:
    with clients(2) as (waiter, notifier):
        (pending,) = room.waiting(waiter)
        room.notify_as(notifier)
        assert pending.result() is True
        assert not room.free()
        waiter.run(room.release)
        waiter.run(room.acquire)
        assert waiter.run(room.wait, 0.001) is False
        assert waiter.run(room.wait_for, lambda: "yes") == "yes"
        waiter.run(room.release)
        assert isinstance(waiter.start(room.wait).error(), RuntimeError)
        assert isinstance(waiter.start(room.notify).error(), RuntimeError)


def test_a_cancelled_wait_ends_with_the_lock_held(room: Room) -> None:
    with clients(1) as (client,):
        (pending,) = room.waiting(client)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        assert not room.free()
        client.run(room.release)
        assert room.free()


def test_a_thread_that_was_interrupted_in_a_wait_releases_by_another_session(room: Room) -> None:
    lock: Any = adapt(room.lock)
    with clients(2) as (client, other):
        (interrupted,) = room.waiting(client)
        other.run(room.acquire)
        again = client.another_session()
        restored_wanted = watch(lock._books)
        release = again.start(room.release)  # the server has not even seen the interruption yet
        restored_wanted(1)
        interrupted.cancel()
        other.run(room.release)
        assert isinstance(interrupted.error(), Abandoned)
        client.start(linger)  # the interrupted session ends
        release.result()
        assert room.free()
        again.close()


def test_wait_for_is_cancellable_too(room: Room) -> None:
    with clients(1) as (client,):
        client.run(room.acquire)
        pending = client.start(room.wait_for, lambda: False)
        room.until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        client.run(room.release)


def test_a_dead_waiter_leaves_the_lock_free_and_passes_its_notification_on(room: Room) -> None:
    with clients(3) as (dead, waiter, notifier):
        one, other = room.waiting(dead, waiter)
        notifier.run(room.acquire)
        notifier.run(room.notify)
        one.cancel()
        room.adapter.release_dead(dead.process)
        notifier.run(room.release)
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True
        waiter.run(room.release)
        assert room.free()


def test_a_waiter_that_dies_with_its_notification_passes_it_on(room: Room) -> None:
    with clients(3) as (dead, waiter, notifier):
        original: Any = room.adapter.__dict__["_lock"]
        resume = original.resume

        def die_and_resume(tenure: Any) -> None:
            if tenure is not None and tenure.caller.process is dead.process:
                bury(dead.process)
            resume(tenure)

        original.resume = die_and_resume
        one, other = room.waiting(dead, waiter)
        room.notify_as(notifier)
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True
        waiter.run(room.release)
        assert room.free()


def test_a_notification_whose_receiver_never_learnt_of_it_goes_to_the_next(room: Room) -> None:
    with clients(3) as (loser, waiter, notifier):
        lost, other = room.waiting(loser, waiter)
        room.notify_as(notifier)
        assert lost.result() is True
        loser.undo(lost)
        loser.run(room.release)
        assert other.result() is True
        waiter.run(room.release)


@pytest.mark.parametrize("method", ["acquire", "__enter__"])
def test_the_lock_of_a_dead_owner_of_a_condition_is_released(room: Room, method: str) -> None:
    with clients(1) as (dead,):
        dead.run(room.__getattr__(method))
        dead.run(room.adapter.release_dead, dead.process)
        assert room.free()


def test_a_condition_and_its_lock_know_of_one_owner(room: Room) -> None:
    lock = adapt(room.lock)
    assert lock is not None
    acquire, release = lock.method("acquire"), lock.method("release")
    assert acquire is not None
    assert release is not None
    with clients(2) as (dead, other):
        dead.run(room.acquire)
        dead.run(release)
        other.run(acquire)
        dead.run(room.adapter.release_dead, dead.process)
        assert not room.free()
        other.run(room.release)


def test_threads_of_the_server_wait_on_the_same_condition(room: Room) -> None:
    results: list[bool] = []

    def wait() -> None:
        with room.condition:
            results.append(room.condition.wait(LIMIT_S))

    with clients(2) as (gone, notifier):
        (one,) = room.waiting(gone)
        thread = threading.Thread(target=wait)
        thread.start()
        room.until_waiting(2)
        one.cancel()
        assert isinstance(one.error(), Abandoned)
        gone.run(room.release)
        room.notify_as(notifier)
        thread.join(LIMIT_S)
    assert results == [True]


def test_code_that_the_clients_thread_runs_may_use_the_condition_itself(room: Room) -> None:
    def use() -> bool:
        with room.condition:
            return room.condition.wait(0.001)

    with clients(1, ClientProcess()) as (client,):
        assert client.run(use) is False
    assert room.free()
