"""What ends `wait_for` but what is waited for: failures, deadlines, signals, deaths; for every way to a container."""

import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

import manor
from manor import CallTimeout, ManagerDied
from tests.conformance.children import Child
from tests.conformance.interruptions import Interrupted, interrupt
from tests.conformance.meeting import SHORT_S, elapsed_s, threads
from tests.conformance.subjects import CONTAINERS, LIMIT_S, MANOR_FORK, MANOR_TCP, Subject, on, outcome, until
from tests.conformance.watching import Asked, watching

EVERYWHERE = on(*CONTAINERS)


@EVERYWHERE
def test_a_predicate_that_fails_ends_the_wait(manager: Any) -> None:
    numbers = manager.list([1])
    with threads(1) as pool:
        _, failing = watching(pool, numbers, lambda numbers: 1 / (len(numbers) - 2) > 0)
        numbers.append(2)
        with pytest.raises(ZeroDivisionError):
            failing.result(LIMIT_S)
    numbers.append(3)
    assert numbers.wait_for(len, LIMIT_S) == 3


@EVERYWHERE
def test_a_deadline_of_the_caller_bounds_a_wait_without_a_limit(manager: Any) -> None:
    numbers = manager.dict()
    with elapsed_s(SHORT_S), manor.deadline(SHORT_S), pytest.raises(CallTimeout):
        numbers.wait_for("a")
    numbers["a"] = 1
    assert numbers.wait_for("a") == 1


@EVERYWHERE
def test_what_is_no_container_and_no_time_is_refused(manager: Any) -> None:
    others: tuple[Any, ...] = (manager.Lock(), [1], None)
    for other in others:
        with pytest.raises(TypeError, match="only containers of a manager can be waited for"):
            manor.wait_for(other, len)
    with pytest.raises(ValueError, match="NaN"):
        manager.dict().wait_for("a", float("nan"))
    assert outcome(manager.dict().wait_for, "a", "soon")[1] is TypeError


@pytest.fixture
def interrupting() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, before)


@EVERYWHERE
def test_a_signal_handler_that_raises_ends_the_wait(subject: Subject, manager: Any, interrupting: None) -> None:
    numbers = manager.list()
    asked = Asked(len)

    def send() -> None:
        assert asked.watching.wait(LIMIT_S)
        os.kill(os.getpid(), signal.SIGALRM)

    with threads(1) as pool:
        sending = pool.submit(send)
        with pytest.raises(Interrupted):
            numbers.wait_for(asked, LIMIT_S)
        sending.result(LIMIT_S)
    numbers.append(1)
    assert numbers.wait_for(len, LIMIT_S) == 1


def wait_and_tell(test: Connection, numbers: Any) -> None:
    asked = Asked(len)

    def tell(numbers: Any) -> Any:
        result = asked(numbers)
        if asked.times == 2:
            test.send("watches")
        return result

    try:
        test.send(numbers.wait_for(tell))
    except ManagerDied as error:
        test.send(type(error))


@EVERYWHERE
def test_who_is_killed_while_it_waits_leaves_the_others_alone(subject: Subject, manager: Any) -> None:
    numbers = manager.list()
    with (
        Child(subject.context, wait_and_tell, numbers) as victim,
        Child(subject.context, wait_and_tell, numbers) as other,
    ):
        assert [victim.hear(), other.hear()] == ["watches"] * 2
        victim.kill()
        numbers.append(1)
        assert other.hear() == 1


@on(MANOR_FORK, MANOR_TCP)
def test_who_waits_is_listed_until_it_is_killed(subject: Subject, manager: Any) -> None:
    numbers = manager.list()

    def waiters() -> list[int]:
        return [waiter.pid for state in manager.locks() for waiter in state.waiters if state.type == "list"]

    with Child(subject.context, wait_and_tell, numbers) as victim:
        assert victim.hear() == "watches"
        until(lambda: waiters() == [victim.pid])
        victim.kill()
        until(lambda: waiters() == [])


@EVERYWHERE
def test_the_end_of_the_manager_ends_the_wait(subject: Subject) -> None:
    with subject.manager() as manager:
        numbers = manager.list()
        with Child(subject.context, wait_and_tell, numbers) as child:
            assert child.hear() == "watches"
            if subject.over_tcp:
                os.kill(subject.server_pid(manager), signal.SIGKILL)
            else:
                manager.shutdown()
            assert child.hear() is ManagerDied


@on(MANOR_FORK)
def test_a_mere_crash_of_the_server_ends_no_wait_in_shared_memory(subject: Subject) -> None:
    with subject.manager() as manager:
        numbers = manager.list()
        with Child(subject.context, wait_and_tell, numbers) as child:
            assert child.hear() == "watches"
            os.kill(subject.server_pid(manager), signal.SIGKILL)
            numbers.append(1)
            assert child.hear() == 1
