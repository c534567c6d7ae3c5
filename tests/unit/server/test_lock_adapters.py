import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor._server.adapters import adapt
from manor._server.adapters import locks
from manor._server.calls import bury
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, Client, ClientProcess, Pending, clients, watch


class Hosted:
    """A lock of `threading` as the server sees it."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        self.adapter: Any = adapt(subject)
        self.changed: threading.Condition = self.adapter._line._changed
        self.until_waiting = watch(self.changed)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = self.adapter.method(name) or getattr(self.subject, name)
        return method

    def free(self) -> bool:
        """Whether another thread could have the lock."""
        taken: list[bool] = []

        def attempt() -> None:
            taken.append(self.subject.acquire(blocking=False))
            if taken[0]:
                self.subject.release()

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        return taken[0]

    def waiting(self, client: Client, count: int = 1) -> Pending[bool]:
        """An acquire that waits; the scout waits on the same condition only while somebody tries."""
        pending: Pending[bool] = client.start(self.acquire)
        self.until_waiting(count)
        return pending


@pytest.fixture(params=[threading.Lock, threading.RLock], ids=["Lock", "RLock"])
def hosted(request: pytest.FixtureRequest) -> Hosted:
    return Hosted(request.param())


@pytest.mark.parametrize("args", [(False, 1), (True, -2), (True, 1e30), (True, "soon"), (True, None), (True, 0), (False,)])
def test_acquire_takes_and_refuses_what_the_lock_does(hosted: Hosted, args: tuple[Any, ...]) -> None:
    def outcome(acquire: Callable[..., object]) -> object:
        try:
            return acquire(*args)
        except Exception as error:  # noqa: BLE001 - compared
            return type(error), str(error)

    with clients(1) as (client,):
        assert client.run(outcome, hosted.acquire) == outcome(type(hosted.subject)().acquire)


def test_a_lock_is_held_until_it_is_released(hosted: Hosted) -> None:
    with clients(2) as (owner, other):
        assert owner.run(hosted.acquire) is True
        assert not hosted.free()
        assert other.run(hosted.acquire, False) is False
        assert other.run(hosted.acquire, True, 0) is False
        assert other.run(hosted.acquire, timeout=0.001) is False
        owner.run(hosted.release)
        assert other.run(hosted.acquire, True, LIMIT_S) is True
        other.run(hosted.release)
        assert hosted.free()


def test_with_statements_acquire_and_release(hosted: Hosted) -> None:
    with clients(1) as (client,):
        assert client.run(hosted.__getattr__("__enter__")) is True
        assert not hosted.free()
        client.run(hosted.__getattr__("__exit__"), None, None, None)
        assert hosted.free()


def test_an_rlock_stays_with_the_server_thread_of_the_client() -> None:
    hosted = Hosted(threading.RLock())
    with clients(2) as (owner, other):
        owner.run(hosted.acquire)
        owner.run(hosted.acquire)
        assert owner.run(hosted.subject.acquire, False) is True  # code that the same thread runs
        owner.run(hosted.subject.release)
        assert isinstance(other.start(hosted.release).error(), RuntimeError)
        owner.run(hosted.release)
        assert not hosted.free()
        owner.run(hosted.release)
        assert hosted.free()


def test_releasing_a_free_lock_is_its_own_error(hosted: Hosted) -> None:
    with clients(1) as (client,):
        assert isinstance(client.start(hosted.release).error(), RuntimeError)


def test_waiters_get_the_lock_one_by_one(hosted: Hosted) -> None:
    with clients(4) as (owner, *waiters):
        owner.run(hosted.acquire)
        pending = {client: hosted.waiting(client, count) for count, client in enumerate(waiters, 1)}
        owner.run(hosted.release)
        for client in waiters:  # the line is first come, first served
            assert pending[client].result() is True
            assert not hosted.free()
            client.run(hosted.release)
    assert hosted.free()


def test_a_waiter_gets_the_lock_that_a_thread_of_the_server_releases(hosted: Hosted) -> None:
    release, held = threading.Event(), threading.Event()

    def hold() -> None:
        with hosted.subject:
            held.set()
            assert release.wait(LIMIT_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(LIMIT_S)
    with clients(1) as (client,):
        pending = hosted.waiting(client)
        release.set()
        assert pending.result() is True
        holder.join()
        client.run(hosted.release)


def test_a_cancelled_acquire_ends_at_once_and_takes_nothing(hosted: Hosted) -> None:
    with clients(2) as (owner, gone):
        owner.run(hosted.acquire)
        pending = hosted.waiting(gone)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)  # though the lock is not free
        assert gone.run(lambda: "still there") == "still there"
        owner.run(hosted.release)
        assert owner.run(hosted.acquire, True, LIMIT_S) is True
        owner.run(hosted.release)


def test_an_acquire_cancelled_before_it_began_takes_nothing(hosted: Hosted) -> None:
    begin = threading.Event()
    with clients(1) as (client,):
        client.start(begin.wait)
        pending = client.start(hosted.acquire)
        pending.cancel()
        begin.set()
        assert isinstance(pending.error(), Abandoned)
    assert hosted.free()


def test_an_acquire_cancelled_when_it_is_its_turn_lets_the_next_one_have_it(hosted: Hosted) -> None:
    with clients(3) as (owner, gone, other):
        owner.run(hosted.acquire)
        one = hosted.waiting(gone)
        pending = hosted.waiting(other, 2)
        with hosted.changed:
            hosted.adapter._line._turns[0].mine = True
            hosted.changed.notify_all()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        owner.run(hosted.release)
        assert pending.result() is True
        other.run(hosted.release)


class Faster:
    """A lock that somebody else always takes between the scout's release and the waiter's try."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tries = 0
        self.blocked = threading.Event()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scout = threading.current_thread().name == "manor-lock-scout"
        if not blocking:
            self.tries += 1
            return False
        if not scout:
            self.blocked.set()
        return self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        self.lock.release()


@pytest.mark.parametrize("cancelled", [True, False])
def test_who_is_always_too_late_blocks_and_then_gets_the_lock_or_gives_it_back(cancelled: bool) -> None:
    lock = Faster()
    line = locks.Line(lock)
    with clients(1) as (client,):
        tries: list[int] = []

        def block() -> bool:
            return line.acquire(None)

        original = line._acquire_in_turn

        def then_hold_it(deadline: float | None) -> bool | None:
            result = original(deadline)
            tries.append(lock.tries)
            lock.lock.acquire()  # now it is another's for a while
            return result

        line._acquire_in_turn = then_hold_it  # type: ignore[method-assign]
        pending = client.start(block)
        assert lock.blocked.wait(LIMIT_S)
        assert tries == [locks.TRIES]
        if cancelled:
            pending.cancel()
        lock.lock.release()
        if cancelled:
            assert isinstance(pending.error(), Abandoned)
            assert lock.lock.acquire(timeout=LIMIT_S)
        else:
            assert pending.result() is True
            assert lock.lock.locked()
        lock.lock.release()


def test_who_is_always_too_late_still_has_its_time_limit() -> None:
    lock = Faster()
    line = locks.Line(lock)
    line._acquire_in_turn = lambda _deadline: None  # type: ignore[method-assign]
    lock.lock.acquire()
    with clients(1) as (client,):
        assert client.run(line.acquire, 0.01) is False
    lock.lock.release()


def test_an_acquisition_whose_answer_is_lost_is_undone(hosted: Hosted) -> None:
    with clients(2) as (loser, other):
        lost = loser.start(hosted.acquire)
        lost.result()
        pending = hosted.waiting(other)
        loser.undo(lost)
        assert pending.result() is True
        other.run(hosted.release)


def test_undoing_a_nested_acquisition_leaves_the_outer_one() -> None:
    hosted = Hosted(threading.RLock())
    with clients(1) as (client,):
        client.run(hosted.acquire)
        client.lose(hosted.acquire)
        assert not hosted.free()
        client.run(hosted.release)
        assert hosted.free()


def test_undoing_takes_nothing_from_a_later_owner(hosted: Hosted) -> None:
    with clients(2) as (loser, other):
        lost = loser.start(hosted.acquire)
        lost.result()
        loser.run(hosted.release)
        other.run(hosted.acquire)
        loser.undo(lost)
        assert not hosted.free()
        other.run(hosted.release)


def test_a_lock_that_a_killed_process_held_is_released(hosted: Hosted) -> None:
    with clients(2) as (dead, other):
        dead.run(hosted.acquire)
        if isinstance(hosted.subject, locks.RLOCK):
            dead.run(hosted.acquire)
            hosted.adapter.release_dead(dead.process)  # nobody but the owner can
            assert not hosted.free()
            dead.run(hosted.adapter.release_dead, dead.process)
        hosted.adapter.release_dead(dead.process)
        assert hosted.free()
        other.run(hosted.acquire)
        hosted.adapter.release_dead(dead.process)
        assert not hosted.free()
        other.run(hosted.release)


def test_undo_and_death_together_release_once(hosted: Hosted) -> None:
    with clients(2) as (dead, other):
        lost = dead.start(hosted.acquire)
        lost.result()
        dead.run(hosted.adapter.release_dead, dead.process)
        other.run(hosted.acquire)
        dead.undo(lost)
        assert not hosted.free()
        other.run(hosted.release)


def test_a_death_releases_nothing_of_others(hosted: Hosted) -> None:
    with clients(3) as (owner, dead, releaser):
        owner.run(hosted.acquire)
        owner.run(hosted.adapter.release_dead, dead.process)
        assert not hosted.free()
        if not isinstance(hosted.subject, locks.RLOCK):
            releaser.run(hosted.release)  # anybody may
            assert hosted.subject.acquire(blocking=False)
            hosted.adapter.release_dead(owner.process)
            assert not hosted.free()
            hosted.subject.release()
        else:
            owner.run(hosted.release)


def test_a_process_that_dies_while_it_gets_the_lock_does_not_keep_it(hosted: Hosted) -> None:
    with clients(1) as (dead,):
        acquire = hosted.subject.acquire

        class Deadly:
            """The lock, at the acquisition of which the process dies."""

            release = hosted.subject.release

            @staticmethod
            def acquire(*args: Any, **kwargs: Any) -> bool:
                bury(dead.process)
                result: bool = acquire(*args, **kwargs)
                return result

        hosted.adapter._lock = Deadly()
        assert isinstance(dead.start(hosted.acquire).error(), Abandoned)
    assert hosted.free()


def test_one_adapter_serves_an_object_however_often_it_is_hosted(hosted: Hosted) -> None:
    assert adapt(hosted.subject) is hosted.adapter


def test_the_servers_own_threads_acquire_and_release_as_ever(hosted: Hosted) -> None:
    assert hosted.acquire() is True
    hosted.release()
    assert hosted.free()


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock], ids=["Lock", "RLock"])
def test_clients_that_give_up_and_threads_that_hammer_exclude_each_other(make: Callable[[], Any]) -> None:
    hosted = Hosted(make())
    inside = 0
    stop = threading.Event()
    failures: list[str] = []

    def critical() -> None:
        nonlocal inside
        inside += 1
        if inside != 1:
            failures.append("two inside")
        inside -= 1

    def hammer() -> None:
        while not stop.is_set():
            with hosted.subject:
                critical()

    hammers = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in hammers:
        thread.start()
    with clients(4) as them:
        for round_ in range(25):
            pending = [client.start(hosted.acquire, True, LIMIT_S) for client in them]
            if round_ % 2:
                pending[0].cancel()
            remaining = dict(zip(them, pending, strict=True))
            for client, one in remaining.items():
                client_release(hosted, client, one, critical)
    stop.set()
    for thread in hammers:
        thread.join(LIMIT_S)
    assert not failures
    assert hosted.free()


def client_release(hosted: Hosted, client: Client, pending: Pending[bool], critical: Callable[[], None]) -> None:
    def leave(future: Any) -> None:
        if future.exception() is None and future.result():
            critical()
            client.start(hosted.release)

    pending.future.add_done_callback(leave)
    client.run(lambda: None)
    client.run(lambda: None)


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
        return Hosted.free(self)  # type: ignore[arg-type]

    @property
    def subject(self) -> Any:
        return self.lock


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
    hosted = Hosted(room.lock)
    with clients(2) as (dead, other):
        dead.run(room.acquire)
        dead.run(hosted.release)
        other.run(hosted.acquire)
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
