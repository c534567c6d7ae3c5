"""RLocks of `threading` that another server thread than the owner has to deal with."""

import threading

import pytest

from manor._server.adapters import linger, owners
from manor._server.waiting import Abandoned
from tests.unit.server.clients import LIMIT_S, clients, watch
from tests.unit.server.hosted_locks import Hosted


@pytest.fixture
def hosted() -> Hosted:
    return Hosted(threading.RLock())


def test_a_thread_that_owns_nothing_does_not_linger(hosted: Hosted) -> None:
    linger()
    with clients(1) as (client,):
        client.run(linger)
        client.run(hosted.acquire)
        client.run(hosted.release)
        client.run(linger)
        client.run(hosted.acquire)  # and may own again
        ended = client.start(linger)
        again = client.another_session()
        again.run(hosted.release)
        ended.result()
        again.close()


def test_a_client_thread_that_comes_back_releases_what_its_last_session_acquired(hosted: Hosted) -> None:
    with clients(1) as (client,):
        client.run(hosted.acquire)
        client.run(hosted.acquire)
        ended = client.start(linger)
        again = client.another_session()
        again.run(hosted.release)
        assert not hosted.free()
        assert not ended.future.done()
        again.run(hosted.release)
        assert hosted.free()
        ended.result()
        assert isinstance(again.start(hosted.release).error(), RuntimeError)
        again.close()


def test_it_may_acquire_again_and_lose_the_answer(hosted: Hosted) -> None:
    with clients(1) as (client,):
        client.run(hosted.acquire)
        ended = client.start(linger)
        again = client.another_session()
        assert again.run(hosted.acquire) is True
        assert again.lose(hosted.acquire) is True
        again.run(hosted.release)
        assert not hosted.free()
        again.run(hosted.release)
        ended.result()
        assert hosted.free()
        again.close()


def test_other_threads_of_the_process_have_no_part_in_it(hosted: Hosted) -> None:
    with clients(1) as (client,):
        client.run(hosted.acquire)
        ended = client.start(linger)
        with clients(1, client.process) as (other,):
            assert isinstance(other.start(hosted.release).error(), RuntimeError)
            assert other.run(hosted.acquire, False) is False
        again = client.another_session()
        again.run(hosted.release)
        ended.result()
        again.close()


def test_an_owner_that_lingers_releases_for_the_dead(hosted: Hosted) -> None:
    with clients(1) as (dead,):
        dead.run(hosted.acquire)
        ended = dead.start(linger)
        hosted.adapter.release_dead(dead.process)
        ended.result()
        assert hosted.free()


def test_it_is_told_of_the_death_before_it_lingers_and_more_than_once(hosted: Hosted) -> None:
    with clients(1) as (dead,):
        dead.run(hosted.acquire)
        for _ in range(2):
            hosted.adapter.release_dead(dead.process)
        dead.run(linger)
        assert hosted.free()


def test_waiting_for_an_owner_can_be_cancelled_and_the_errand_is_done_all_the_same(hosted: Hosted) -> None:
    with clients(1) as (client,):
        client.run(hosted.acquire)
        owner = client.run(owners.this_thread)
        until_asked = watch(owner._changed)
        again = client.another_session()
        pending = again.start(hosted.release)  # the owner does not linger yet
        until_asked(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
        client.run(linger)
        assert hosted.free()
        again.close()


def test_what_an_errand_raises_is_raised_where_it_was_asked_for() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    owner = owners.Owner()
    owner.gain()
    thread = threading.Thread(target=owner.linger)
    thread.start()
    with pytest.raises(ZeroDivisionError):
        owner.ask(fail)
    owner.lose()
    thread.join(LIMIT_S)
    assert owner.post(fail) is None
    with pytest.raises(RuntimeError, match="cannot release un-acquired lock"):
        owner.ask(fail)


def test_an_owner_learns_that_somebody_else_has_its_lock_by_now(hosted: Hosted) -> None:
    with clients(2) as (client, other):
        client.run(hosted.acquire)
        client.run(hosted.subject.release)  # by code of the user's
        ended = client.start(linger)
        other.run(hosted.acquire)
        ended.result()
        other.run(hosted.release)
