import threading
from collections.abc import Callable
from typing import Any

import pytest

from manor._server.adapters import adapt, linger, locks
from manor._server.calls import bury
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, clients
from tests.unit.server.hosted_locks import Hosted


@pytest.fixture(params=[threading.Lock, threading.RLock], ids=["Lock", "RLock"])
def hosted(request: pytest.FixtureRequest) -> Hosted:
    return Hosted(request.param())


@pytest.mark.parametrize(
    "args", [(False, 1), (True, -2), (True, 1e30), (True, "soon"), (True, None), (True, 0), (False,)]
)
def test_acquire_takes_and_refuses_what_the_lock_does(hosted: Hosted, args: tuple[Any, ...]) -> None:
    def outcome(acquire: Callable[..., object]) -> object:
        try:
            return acquire(*args)
        except Exception as error:
            return type(error), str(error)

    with clients(1) as (client,):
        fresh = threading.Lock() if isinstance(hosted.subject, locks.LOCK) else threading.RLock()
        assert client.run(outcome, hosted.acquire) == outcome(fresh.acquire)


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
            hosted.adapter.release_dead(dead.process)
            assert not hosted.free()  # only its owner can release it
            dead.run(linger)
        else:
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
