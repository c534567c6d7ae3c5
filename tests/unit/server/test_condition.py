import threading

import pytest

from manor._server.primitives import Condition, Lock, RLock
from tests.unit.server.clients import ClientProcess, clients, waiting_on
from tests.unit.server.conditions import Room


@pytest.fixture(params=[None, Lock, RLock], ids=["own lock", "Lock", "RLock"])
def room(request: pytest.FixtureRequest) -> Room:
    return Room(request.param and request.param())


def test_wait_and_notify_need_the_lock(room: Room) -> None:
    with clients(1) as (client,):
        for method, what in (("wait", "wait on"), ("notify", "notify on"), ("notify_all", "notify on")):
            error = client.start(getattr(room.condition, method)).error()
            assert isinstance(error, RuntimeError)
            assert str(error) == f"cannot {what} un-acquired lock"


def test_another_threads_lock_is_not_enough_to_notify() -> None:
    room = Room()
    with clients(2, ClientProcess()) as (owner, other):
        owner.run(room.condition.acquire)
        assert isinstance(other.start(room.condition.notify).error(), RuntimeError)


def test_a_condition_needs_a_hosted_lock() -> None:
    with pytest.raises(TypeError, match="hosted Lock or RLock"):
        Condition(threading.Lock())  # type: ignore[arg-type]


def test_waiting_releases_the_lock_and_ends_with_it_held(room: Room) -> None:
    with clients(2) as (waiter, notifier):
        (pending,) = room.waiting(waiter)
        assert not room.condition.locked()
        room.notify(notifier)
        assert pending.result() is True
        assert room.condition.locked()
        waiter.run(room.condition.release)


def test_waiting_releases_a_nested_lock_wholly() -> None:
    room = Room()
    with clients(2) as (waiter, notifier):
        waiter.run(room.condition.acquire)
        (pending,) = room.waiting(waiter)
        room.notify(notifier)
        pending.result()
        waiter.run(room.condition.release)
        assert room.condition.locked()
        waiter.run(room.condition.release)
        assert not room.condition.locked()


def test_a_wait_ends_with_false_after_its_time_and_the_lock_held(room: Room) -> None:
    with clients(1) as (client,):
        assert room.wait(client, 0.001).result() is False
        assert room.condition.locked()
        assert not waiting_on(room.condition._signal)


def test_notify_wakes_as_many_as_it_says_the_longest_waiting_first(room: Room) -> None:
    with clients(4) as (first, second, third, notifier):
        pending = dict(zip((first, second, third), room.waiting(first, second, third), strict=True))
        room.notify(notifier, 2)
        assert set(room.let_out(pending, 2)) == {first, second}
        assert waiting_on(room.condition._signal) == 1
        room.holding(notifier, room.condition.notify_all)
        assert pending[third].result() is True


def test_notify_all_wakes_all(room: Room) -> None:
    with clients(4) as (*waiters, notifier):
        pending = dict(zip(waiters, room.waiting(*waiters), strict=True))
        room.holding(notifier, room.condition.notify_all)
        room.let_out(pending, 3)
        assert all(one.result() for one in pending.values())


def test_two_conditions_may_share_a_lock() -> None:
    lock = Lock()
    one, other = Room(lock), Room(lock)
    with clients(2) as (waiter, notifier):
        (pending,) = one.waiting(waiter)
        other.notify(notifier)
        assert waiting_on(one.condition._signal) == 1
        one.notify(notifier)
        assert pending.result() is True


def test_wait_for_waits_until_it_is_true(room: Room) -> None:
    ready: list[str] = []

    def look() -> str | None:
        return ready[0] if ready else None

    with clients(2) as (waiter, notifier):
        waiter.run(room.condition.acquire)
        assert waiter.run(room.condition.wait_for, look, 0.001) is None
        pending = waiter.start(room.condition.wait_for, look)
        room.until_waiting(1)
        notifier.run(room.condition.acquire)
        ready.append("yes")
        notifier.run(room.condition.notify)
        notifier.run(room.condition.release)
        assert pending.result() == "yes"
