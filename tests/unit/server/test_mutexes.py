"""Lock and RLock: what they have in common, and what they have not."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor._server.primitives import DeadOwner, Lock, RLock
from manor._server.waiting import Abandoned
from tests.unit.server.clients import ClientProcess, clients, waiting_on, watch

KINDS = [Lock, RLock]


AnyLock = Lock | RLock


@pytest.fixture(params=KINDS, ids=lambda kind: str(kind.__name__))
def lock(request: pytest.FixtureRequest) -> AnyLock:
    made: AnyLock = request.param()
    return made


def error_of(function: Callable[..., object], *args: Any) -> tuple[type[BaseException], str] | object:
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize(
    "args",
    [
        (False, 1),
        (False, -1),
        (True, -2),
        (True, 1e30),
        (True, "soon"),
        (True, -1),
        (True, 0),
        (0,),
        (False, 0),
        (True, 0.5),
    ],
)
def test_acquire_takes_and_refuses_what_threadings_does(lock: AnyLock, args: tuple[Any, ...]) -> None:
    assert error_of(lock.acquire, *args) == error_of(threading.Lock().acquire, *args)


def test_a_lock_is_held_until_it_is_released(lock: AnyLock) -> None:
    with clients(2) as (owner, other):
        assert not lock.locked()
        assert owner.run(lock.acquire) is True
        assert lock.locked()
        assert other.run(lock.acquire, False) is False
        assert other.run(lock.acquire, True, 0) is False
        assert other.run(lock.acquire, True, 0.001) is False
        owner.run(lock.release)
        assert not lock.locked()
        assert other.run(lock.acquire, True, -1) is True


def test_releasing_a_free_lock_is_the_error_of_threading() -> None:
    assert error_of(Lock().release) == error_of(threading.Lock().release)
    assert error_of(RLock().release) == error_of(threading.RLock().release)


def test_any_process_may_release_a_lock() -> None:
    lock = Lock()
    with clients(2) as (owner, other):
        owner.run(lock.acquire)
        other.run(lock.release)
        assert not lock.locked()


@pytest.mark.parametrize("same_process", [True, False])
def test_an_rlock_belongs_to_a_thread_of_a_process(same_process: bool) -> None:
    lock = RLock()
    with clients(2, ClientProcess() if same_process else None) as (owner, other):
        owner.run(lock.acquire)
        owner.run(lock.acquire)
        assert error_of(other.run, lock.release) == (RuntimeError, "cannot release un-acquired lock")
        assert other.run(lock.acquire, False) is False
        owner.run(lock.release)
        assert other.run(lock.acquire, False) is False
        owner.run(lock.release)
        assert other.run(lock.acquire, False) is True


def test_an_rlock_knows_the_servers_own_threads() -> None:
    lock = RLock()
    lock.acquire()
    lock.acquire()
    refused: list[object] = []
    thread = threading.Thread(target=lambda: refused.extend((lock.acquire(blocking=False), error_of(lock.release))))
    thread.start()
    thread.join()
    assert refused == [False, (RuntimeError, "cannot release un-acquired lock")]
    lock.release()
    lock.release()
    assert not lock.locked()


def test_a_release_lets_one_waiter_in(lock: AnyLock) -> None:
    until_waiting = watch(lock._free)
    with clients(2) as (owner, other):
        owner.run(lock.acquire)
        pending = other.start(lock.acquire)
        until_waiting(1)
        owner.run(lock.release)
        assert pending.result() is True


def test_a_cancelled_acquire_takes_nothing(lock: AnyLock) -> None:
    until_waiting = watch(lock._free)
    with clients(2) as (owner, other):
        owner.run(lock.acquire)
        pending = other.start(lock.acquire)
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        assert pending.call.undo == []
        owner.run(lock.release)
        assert not lock.locked()


def test_an_acquire_cancelled_before_it_began_takes_nothing(lock: AnyLock) -> None:
    begin = threading.Event()
    with clients(1) as (client,):
        client.start(begin.wait)
        pending = client.start(lock.acquire)
        pending.cancel()
        begin.set()
        assert isinstance(pending.error(), Abandoned)
    assert not lock.locked()


def test_an_acquire_cancelled_when_it_is_its_turn_lets_the_next_one_in(lock: AnyLock) -> None:
    until_waiting = watch(lock._free)
    with clients(3) as (owner, first, second):
        owner.run(lock.acquire)
        one = first.start(lock.acquire)
        until_waiting(1)
        other = second.start(lock.acquire)
        until_waiting(2)

        def release_and_cancel() -> None:
            with lock._free:
                lock._vacate(lock._holding_to_release())
                one.cancel()

        owner.run(release_and_cancel)
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True


def test_an_acquisition_whose_answer_is_lost_goes_to_the_next(lock: AnyLock) -> None:
    until_waiting = watch(lock._free)
    with clients(2) as (loser, other):
        lost = loser.start(lock.acquire)
        assert lost.result() is True
        pending = other.start(lock.acquire)
        until_waiting(1)
        loser.undo(lost)
        assert pending.result() is True


def test_undoing_takes_nothing_from_a_later_owner(lock: AnyLock) -> None:
    with clients(2) as (loser, other):
        lost = loser.start(lock.acquire)
        lost.result()
        loser.run(lock.release)
        other.run(lock.acquire)
        loser.undo(lost)
        assert lock.locked()


def test_undoing_a_nested_acquisition_leaves_the_outer_one() -> None:
    lock = RLock()
    with clients(2) as (owner, other):
        owner.run(lock.acquire)
        owner.lose(lock.acquire)
        assert other.run(lock.acquire, False) is False
        owner.run(lock.release)
        assert not lock.locked()


def test_a_failed_acquire_has_nothing_to_undo(lock: AnyLock) -> None:
    with clients(2) as (owner, other):
        owner.run(lock.acquire)
        other.lose(lock.acquire, False)
        assert lock.locked()


def test_a_nested_acquire_is_not_told_again() -> None:
    lock = RLock()
    with clients(2) as (dead, heir):
        dead.run(lock.enter)
        dead.run(lock.enter)
        lock.release_dead(dead.process)
        assert heir.run(lock.enter) == DeadOwner(dead.process.pid, dead.process.name)
        assert heir.run(lock.enter) is None
        heir.run(lock.leave)
        assert lock.owner_died()
        heir.run(lock.leave)
        assert not lock.owner_died()


def test_many_threads_that_give_up_at_random_never_meet_and_never_hang(lock: AnyLock, rng: random.Random) -> None:
    inside = 0
    entered = 0

    def work(seed: float, me: Any) -> None:
        nonlocal inside, entered
        mine = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(60):
            pending = me.start(lock.acquire, True, mine.choice([None, 0.0005, 0.002]))
            if mine.random() < 0.3:
                pending.cancel()
            if pending.error() is not None or not pending.result():
                continue
            if pending.call.cancellation.cancelled:
                me.undo(pending)
                continue
            inside += 1
            entered += 1
            assert inside == 1
            inside -= 1
            me.run(lock.release)

    with clients(8) as them:
        failures: list[BaseException] = []

        def guarded(seed: float, me: Any) -> None:
            try:
                work(seed, me)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=guarded, args=(rng.random(), each), daemon=True) for each in them]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not failures
    assert not lock.locked()
    assert entered
    assert not waiting_on(lock._free)
