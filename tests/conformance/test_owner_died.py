"""Who takes what a killed process held is told so: by a warning or an error, that names the process and the object."""

from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import OwnerDied, OwnerDiedWarning
from tests.conformance.children import Child
from tests.conformance.deaths import RELEASED_S, acquire, enter
from tests.conformance.lock_states import state_of
from tests.conformance.meeting import asleep_in, threads
from tests.conformance.subjects import CONTAINERS, LIMIT_S, Subject, on, until

EVERYWHERE = on(*CONTAINERS)
KINDS = pytest.mark.parametrize("kind", ["Lock", "RLock", "BoundedSemaphore", "Condition", "Semaphore"])


def made(manager: Any, kind: str, **options: Any) -> Any:
    if kind == "Semaphore":
        options["release_on_death"] = True
    return getattr(manager, kind)(**options)


def killed_holding(subject: Subject, lock: Any) -> int:
    """Have a process take it and be killed; return its pid when that has been dealt with."""
    with Child(subject.context, acquire, lock) as child:
        child.hear()
        pid = child.kill()
    until(lambda: not lock.locked(), RELEASED_S)
    return pid


@EVERYWHERE
@KINDS
def test_it_can_be_an_error_and_the_caller_has_the_lock(subject: Subject, manager: Any, kind: str) -> None:
    lock = made(manager, kind, on_owner_death="raise")
    pid = killed_holding(subject, lock)
    with pytest.raises(OwnerDied, match=rf"process {pid}\b"):
        lock.acquire(True, LIMIT_S)
    assert (lock.locked(), lock.owner_died) == (True, True)
    lock.release()
    assert (lock.locked(), lock.owner_died) == (False, False)
    with lock:
        assert not lock.owner_died


@EVERYWHERE
@KINDS
def test_a_with_block_that_raises_it_has_released(subject: Subject, manager: Any, kind: str) -> None:
    lock = made(manager, kind, on_owner_death="raise")
    killed_holding(subject, lock)
    with pytest.raises(OwnerDied), lock:
        pytest.fail("entered")
    assert not lock.locked()


@EVERYWHERE
def test_a_plain_semaphore_tells_it_of_permits_of_with_blocks(subject: Subject, manager: Any) -> None:
    permits = manager.Semaphore(1, on_owner_death="raise")
    with Child(subject.context, enter, permits) as child:
        child.hear()
        child.kill()
    with pytest.raises(OwnerDied):
        permits.acquire(True, LIMIT_S)
    permits.release()


@EVERYWHERE
def test_a_condition_does_as_the_lock_that_it_is_given(subject: Subject, manager: Any) -> None:
    condition = manager.Condition(manager.RLock(on_owner_death="raise"))
    killed_holding(subject, condition)
    with pytest.raises(OwnerDied):
        condition.acquire()
    condition.release()
    with pytest.raises(ValueError, match="on_owner_death is the lock's"):
        manager.Condition(manager.Lock(), on_owner_death="raise")


def notify_and_hold(test: Connection, condition: Any) -> None:
    condition.acquire()
    condition.notify()
    test.send("holds")
    test.recv()


@EVERYWHERE
def test_a_wait_that_ends_by_a_death_raises_it_with_the_lock_held(subject: Subject, manager: Any) -> None:
    condition = manager.Condition(on_owner_death="raise")
    with threads(1) as pool:
        (waiter,) = asleep_in(condition, pool, 1)
        with Child(subject.context, notify_and_hold, condition) as child:
            child.hear()
            child.kill()
        assert isinstance(waiter.exception(LIMIT_S), OwnerDied)
    assert (condition.locked(), condition.owner_died) == (False, False)  # its with block could release


@EVERYWHERE
@KINDS
def test_what_to_do_is_one_of_two_words(subject: Subject, manager: Any, kind: str) -> None:
    with pytest.raises(ValueError, match="'warn' or 'raise', not 'ignore'"):
        made(manager, kind, on_owner_death="ignore")


@EVERYWHERE
@KINDS
def test_the_warning_names_the_process_and_the_object(subject: Subject, manager: Any, kind: str) -> None:
    nameless, named = made(manager, kind), made(manager, kind, name=f"of {kind}")
    of_id = f"with id {nameless._token.id.split('@')[-1]}"
    for lock, called in ((nameless, of_id), (named, f"'of {kind}'")):
        pid = killed_holding(subject, lock)
        with pytest.warns(OwnerDiedWarning, match=rf"process {pid}\b.* held the {kind} {called}"):
            lock.acquire()
        lock.release()


@EVERYWHERE
@KINDS
def test_it_is_known_from_the_death_until_the_next_has_released(subject: Subject, manager: Any, kind: str) -> None:
    lock = made(manager, kind)
    assert not lock.owner_died
    killed_holding(subject, lock)
    assert lock.owner_died
    with pytest.warns(OwnerDiedWarning):
        lock.acquire()
    assert lock.owner_died
    lock.release()
    assert not lock.owner_died


@EVERYWHERE
@KINDS
def test_the_manager_lists_what_is_held_once(subject: Subject, manager: Any, kind: str) -> None:
    lock = made(manager, kind)
    others = len(manager.locks())
    lock.acquire()
    assert len(manager.locks()) == others + 1
    assert state_of(manager, lock).type == kind
    lock.release()
    assert len(manager.locks()) == others


@EVERYWHERE
def test_a_condition_is_listed_with_those_who_wait_for_its_lock(subject: Subject, manager: Any) -> None:
    condition = manager.Condition()
    others = len(manager.locks())
    with threads(2) as pool:
        (sleeper,) = asleep_in(condition, pool, 1)
        condition.acquire()
        wants = pool.submit(condition.acquire, True, LIMIT_S)
        until(lambda: len(state_of(manager, condition).waiters) == 2)
        assert (len(condition.waiters), len(manager.locks())) == (1, others + 1)
        condition.notify()
        condition.release()
        assert wants.result(LIMIT_S)
        pool.submit(condition.release)
        assert sleeper.result(LIMIT_S)
