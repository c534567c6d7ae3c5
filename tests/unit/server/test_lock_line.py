import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from manor._server.adapters.line import TRIES, Line
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, Client, clients
from tests.unit.server.hosted_locks import Hosted


@pytest.fixture(params=[threading.Lock, threading.RLock], ids=["Lock", "RLock"])
def hosted(request: pytest.FixtureRequest) -> Hosted:
    return Hosted(request.param())


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
        self.scouted = 0
        self.blocked = threading.Event()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scout = threading.current_thread().name == "manor-lock-scout"
        if not blocking:
            self.tries += 1
            return False
        if scout:
            self.scouted += 1
        else:
            self.blocked.set()
        return self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        self.lock.release()


@pytest.mark.parametrize("cancelled", [True, False])
def test_who_is_always_too_late_blocks_and_then_gets_the_lock_or_gives_it_back(cancelled: bool) -> None:
    lock = Faster()
    line = Line(lock)
    with clients(1) as (client,):
        tries: list[tuple[int, int]] = []

        def block() -> bool:
            return line.acquire(None)

        original = line._acquire_in_turn

        def then_hold_it(deadline: float | None) -> bool | None:
            result = original(deadline)
            tries.append((lock.tries, lock.scouted))
            lock.lock.acquire()  # now it is another's for a while
            return result

        line._acquire_in_turn = then_hold_it  # type: ignore[method-assign]
        pending = client.start(block)
        assert lock.blocked.wait(LIMIT_S)
        assert tries == [(TRIES, TRIES)]  # one for each time that it was free
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
    line = Line(lock)

    def too_late(deadline: float | None) -> bool | None:
        return None

    line._acquire_in_turn = too_late  # type: ignore[method-assign]
    lock.lock.acquire()
    with clients(1) as (client,):
        assert client.run(line.acquire, 0.01) is False
    lock.lock.release()


class Room:
    """Holds one at a time, or says that it did not."""

    def __init__(self) -> None:
        self.inside = 0
        self.failures: list[int] = []

    def visit(self) -> None:
        self.inside += 1
        if self.inside != 1:
            self.failures.append(self.inside)
        self.inside -= 1


@contextmanager
def hammering(hosted: Hosted, room: Room) -> Iterator[None]:
    """Threads of the server's own that hardly ever leave the lock alone."""
    stop = threading.Event()

    def hammer() -> None:
        while not stop.is_set():
            with hosted.subject:
                room.visit()

    hammers = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in hammers:
        thread.start()
    yield
    stop.set()
    for thread in hammers:
        thread.join(LIMIT_S)


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock], ids=["Lock", "RLock"])
def test_clients_that_give_up_and_threads_that_hammer_exclude_each_other(make: Callable[[], Any]) -> None:
    hosted = Hosted(make())
    room = Room()

    def leave(client: Client, future: Future[bool]) -> None:
        if future.exception() is None and future.result():
            room.visit()
            client.start(hosted.release)

    with clients(4) as them, hammering(hosted, room):
        for round_ in range(25):
            pending = [client.start(hosted.acquire, True, LIMIT_S) for client in them]
            if round_ % 2:
                pending[0].cancel()
            for client, one in zip(them, pending, strict=True):
                one.future.add_done_callback(partial(leave, client))
            for client, one in zip(them, pending, strict=True):
                one.error()
                client.run(lambda: None)
    assert not room.failures
    assert hosted.free()
