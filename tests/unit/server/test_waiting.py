import threading
from typing import Any, cast

import pytest

from manor._server.calls import Call, as_current, bury, current
from manor._server.waiters import Waiter
from manor._server.waiting import Abandoned, Cancellation, nobody, wait_on, wait_until
from tests.unit.server.clients import (
    LIMIT_S,
    Client,
    ClientProcess,
    Pending,
    clients,
    hook,
    waiting_on,
    watch,
)


class Meeting:
    """A condition and what is needed to wait on it as a client."""

    def __init__(self) -> None:
        self.condition = threading.Condition(threading.Lock())
        self.until_waiting = watch(self.condition)

    def wait(self, timeout: float | None = None, **kwargs: Any) -> bool:
        with self.condition:
            return wait_on(self.condition, timeout, **kwargs)

    def notify(self, n: int = 1) -> None:
        with self.condition:
            self.condition.notify(n)


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


def test_a_wait_ends_with_true_when_notified(meeting: Meeting) -> None:
    with clients(1) as (client,):
        pending = client.start(meeting.wait)
        meeting.until_waiting(1)
        meeting.notify()
        assert pending.result() is True
    assert not waiting_on(meeting.condition)


@pytest.mark.parametrize("timeout", [0, 0.001, -1])
def test_a_wait_ends_with_false_after_its_time(meeting: Meeting, timeout: float) -> None:
    with clients(1) as (client,):
        assert client.run(meeting.wait, timeout) is False
    assert not waiting_on(meeting.condition)


def test_an_impossible_timeout_is_an_error_and_leaves_no_waiter(meeting: Meeting) -> None:
    with pytest.raises(OverflowError):
        meeting.wait(1e30)
    assert not waiting_on(meeting.condition)


def test_waiting_without_the_lock_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="cannot wait on un-acquired lock"):
        wait_on(threading.Condition(), 0)


def test_a_thread_without_a_call_waits_as_ever(meeting: Meeting) -> None:
    result: list[bool] = []
    thread = threading.Thread(target=lambda: result.append(meeting.wait()))
    thread.start()
    meeting.until_waiting(1)
    meeting.notify()
    thread.join(LIMIT_S)
    assert result == [True]


def test_a_call_cancelled_before_does_not_wait(meeting: Meeting) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with as_current(Call(ClientProcess(), 1, cancellation)), meeting.condition:
        with pytest.raises(Abandoned):
            wait_on(meeting.condition)
        assert meeting.condition._is_owned()  # type: ignore[attr-defined]
        with pytest.raises(Abandoned):
            wait_until(meeting.condition, lambda: True)
    assert not waiting_on(meeting.condition)


def test_a_call_of_a_dead_process_does_not_wait(meeting: Meeting) -> None:
    process = ClientProcess()
    bury(process)
    with as_current(Call(process, 1, Cancellation())), pytest.raises(Abandoned):
        meeting.wait()


def test_a_call_cancelled_while_it_enters_the_wait_does_not_wait(meeting: Meeting) -> None:
    cancellation = Cancellation()
    hook(meeting.condition, "_release_save", cancellation.cancel)
    with as_current(Call(ClientProcess(), 1, cancellation)), pytest.raises(Abandoned):
        meeting.wait()


def test_a_call_cancelled_between_queueing_and_registration_does_not_wait(meeting: Meeting) -> None:
    cancellation = Cancellation()
    hook(cast(Any, meeting.condition)._waiters, "append", cancellation.cancel)
    with as_current(Call(ClientProcess(), 1, cancellation)), pytest.raises(Abandoned):
        meeting.wait()


def test_cancelling_ends_a_wait_with_the_lock_held_and_without_a_trace(meeting: Meeting) -> None:
    owned: list[bool] = []

    def wait() -> None:
        with meeting.condition:
            try:
                wait_on(meeting.condition)
            finally:
                owned.append(meeting.condition._is_owned())  # type: ignore[attr-defined]

    with clients(1) as (client,):
        pending = client.start(wait)
        meeting.until_waiting(1)
        for _ in range(2):
            pending.cancel()
        assert isinstance(pending.error(), Abandoned)
    assert owned == [True]
    assert not waiting_on(meeting.condition)
    assert not meeting.condition._is_owned()  # type: ignore[attr-defined]
    assert pending.call.cancellation._wakes == ()


def test_a_finished_wait_leaves_nothing_registered(meeting: Meeting) -> None:
    with clients(1) as (client,):
        pending = client.start(meeting.wait, 0)
        pending.result()
        assert pending.call.cancellation._wakes == ()


def two_waiting(meeting: Meeting, first: Client, second: Client, **kwargs: Any) -> tuple[Pending[bool], Pending[bool]]:
    one = first.start(meeting.wait, **kwargs)
    meeting.until_waiting(1)
    other = second.start(meeting.wait)
    meeting.until_waiting(2)
    return one, other


def test_a_notification_after_the_cancellation_goes_to_the_next(meeting: Meeting) -> None:
    with clients(2) as (first, second):
        one, other = two_waiting(meeting, first, second)
        with meeting.condition:  # the cancelled one cannot leave the line yet
            one.cancel()
            meeting.condition.notify()
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True


def test_a_cancellation_after_the_notification_passes_it_to_the_next(meeting: Meeting) -> None:
    with clients(2) as (first, second):
        one, other = two_waiting(meeting, first, second)
        with meeting.condition:  # the notified one cannot wake up yet
            meeting.condition.notify()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True


def test_a_wasted_notification_goes_where_it_is_told(meeting: Meeting) -> None:
    with clients(2) as (first, second):
        one, other = two_waiting(meeting, first, second, forward=nobody)
        with meeting.condition:
            meeting.condition.notify()
            one.cancel()
        assert isinstance(one.error(), Abandoned)
        assert waiting_on(meeting.condition) == 1
        meeting.notify()
        assert other.result() is True


def test_a_notification_goes_to_a_thread_that_waits_in_the_ordinary_way(meeting: Meeting) -> None:
    with clients(1) as (client,):
        one = client.start(meeting.wait)
        meeting.until_waiting(1)
        result: list[bool] = []

        def wait() -> None:
            with meeting.condition:
                result.append(meeting.condition.wait())

        thread = threading.Thread(target=wait)
        thread.start()
        meeting.until_waiting(2)
        with meeting.condition:
            meeting.condition.notify()
            one.cancel()
        thread.join(LIMIT_S)
        assert result == [True]


def test_a_notification_after_the_time_limit_goes_to_the_next(meeting: Meeting) -> None:
    left, go = threading.Event(), threading.Event()

    def linger() -> None:
        left.set()
        assert go.wait(LIMIT_S)

    hook(meeting.condition, "_acquire_restore", linger)
    with clients(2) as (first, second):
        one = first.start(meeting.wait, 0.001)
        assert left.wait(LIMIT_S)  # its time is over, and it still stands in line
        other = second.start(meeting.wait)
        meeting.until_waiting(2)
        meeting.notify()
        go.set()
        assert one.result() is False
        assert other.result() is True


def test_a_notification_at_the_time_limit_is_not_lost(meeting: Meeting) -> None:
    # The notification comes when the time is over and the waiter has not noticed yet.

    original = Waiter.leave

    def notified_meanwhile(self: Any) -> None:
        self.release()
        original(self)

    Waiter.leave = notified_meanwhile  # type: ignore[method-assign]
    try:
        assert meeting.wait(0.001) is True
    finally:
        Waiter.leave = original  # type: ignore[method-assign]


def test_a_dead_process_takes_no_notification(meeting: Meeting) -> None:
    with clients(2) as (first, second):
        one, other = two_waiting(meeting, first, second)
        bury(first.process)
        meeting.notify()
        assert isinstance(one.error(), Abandoned)
        assert other.result() is True


def test_an_exception_in_the_waiting_thread_passes_the_notification_on(meeting: Meeting) -> None:

    class Interrupted(BaseException):
        pass

    original = Waiter.sleep

    def interrupted(self: Any, timeout: float | None) -> None:
        original(self, timeout)
        if current() is None:
            raise Interrupted

    with clients(1) as (client,):
        raised: list[BaseException] = []

        def wait() -> None:
            try:
                meeting.wait()
            except Interrupted as error:
                raised.append(error)

        Waiter.sleep = interrupted  # type: ignore[method-assign]
        try:
            thread = threading.Thread(target=wait)
            thread.start()
            meeting.until_waiting(1)
            other = client.start(meeting.wait)
            meeting.until_waiting(2)
            meeting.notify()
            assert other.result() is True
            thread.join(LIMIT_S)
        finally:
            Waiter.sleep = original  # type: ignore[method-assign]
        assert raised


def test_wait_until_stops_at_its_time_limit_however_often_it_is_notified(meeting: Meeting) -> None:
    with clients(1) as (client,):

        def wait() -> bool:
            with meeting.condition:
                return wait_until(meeting.condition, lambda: False, 0.05)

        pending = client.start(wait)
        while not pending.future.done():
            meeting.notify()
        assert pending.result() is False
