import threading

from manor._server.primitives import Event
from manor._server.waiting import Abandoned
from tests.unit.server.clients import clients, linger_on_waking, waiting_on, watch


def test_a_wait_returns_at_once_when_the_flag_is_up_and_false_after_its_time() -> None:
    event = Event()
    assert not event.is_set()
    assert event.wait(0) is False
    assert event.wait(0.001) is False
    event.set()
    assert event.is_set()
    assert event.wait() is True
    event.clear()
    assert not event.is_set()


def test_setting_wakes_all_even_if_it_is_cleared_at_once() -> None:
    event = Event()
    until_waiting = watch(event._changed)
    with clients(3) as them:
        pending = [client.start(event.wait) for client in them]
        until_waiting(3)
        event.set()
        event.clear()
        assert [one.result() for one in pending] == [True] * 3


def test_a_cancelled_wait_ends() -> None:
    event = Event()
    until_waiting = watch(event._changed)
    with clients(1) as (client,):
        pending = client.start(event.wait)
        until_waiting(1)
        pending.cancel()
        assert isinstance(pending.error(), Abandoned)
    assert not waiting_on(event._changed)


def test_a_cancelled_wait_wakes_nobody_who_came_after_the_flag_was_cleared() -> None:
    event = Event()
    until_waiting = watch(event._changed)
    with clients(2) as (first, second):
        resume = linger_on_waking(event._changed, first)
        one = first.start(event.wait)
        until_waiting(1)
        event.set()
        event.clear()
        one.cancel()
        other = second.start(event.wait)
        until_waiting(1)
        resume()
        assert isinstance(one.error(), Abandoned)
        assert waiting_on(event._changed) == 1
        event.release_dead(first.process)
        event.set()
        assert other.result() is True


def test_the_servers_own_threads_may_wait() -> None:
    event = Event()
    until_waiting = watch(event._changed)
    result: list[bool] = []
    thread = threading.Thread(target=lambda: result.append(event.wait()))
    thread.start()
    until_waiting(1)
    event.set()
    thread.join()
    assert result == [True]
