"""Coroutines of created objects: they run on the server's event loop, and the caller awaits them on its own."""

import asyncio
import inspect
from multiprocessing.connection import Connection
from typing import Any

import pytest

import manor
from tests.conformance.accounts import Numbers
from tests.conformance.children import Child
from tests.conformance.crowds import Room, Sleeper, Tally, Ticks
from tests.conformance.subjects import LIMIT_S, MANOR, MANOR_SERVED, on, until

pytestmark = on(*MANOR, MANOR_SERVED)


@pytest.fixture
def sleeper(manager: Any) -> Sleeper:
    found: Sleeper = manager.create(Sleeper)
    return found


async def within_limit(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, LIMIT_S)


def run(awaitable: Any) -> Any:
    return asyncio.run(within_limit(awaitable))


def test_a_coroutine_method_is_one(sleeper: Sleeper) -> None:
    assert inspect.iscoroutinefunction(sleeper.add)
    assert run(sleeper.add(3)) == 3
    assert run(sleeper.account()).increment() == 1
    with pytest.raises(ValueError, match="in a coroutine"):
        run(sleeper.fail())


def test_many_wait_at_once_while_others_call(sleeper: Sleeper) -> None:
    async def meet() -> list[str]:
        waiting = [asyncio.ensure_future(sleeper.wait()) for _ in range(20)]
        while sleeper.inside < 20:
            await sleeper.add()
        await sleeper.set()
        return await asyncio.gather(*waiting)

    assert run(meet()) == ["came"] * 20


def add(test: Connection, sleeper: Sleeper) -> None:
    async def many() -> None:
        await asyncio.gather(*(sleeper.add() for _ in range(10)))

    for _ in range(10):
        sleeper.add_now()
        asyncio.run(many())


def test_nothing_else_happens_between_two_awaits(subject: Any, sleeper: Sleeper) -> None:
    children = [Child(subject.context, add, sleeper) for _ in range(3)]
    for child in children:
        with child:
            assert child.join() == 0
    assert sleeper.value == 330


def test_a_cancelled_call_is_cancelled_there_and_waited_for(sleeper: Sleeper) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(sleeper.forever())
        while sleeper.log != ["begun"]:
            await sleeper.add()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert sleeper.log == ["begun", "cancelled", "ended"]
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(sleeper.forever(), 0.1))


def test_a_coroutine_may_refuse_to_be_cancelled(sleeper: Sleeper) -> None:
    async def cancelled() -> str:
        task = asyncio.ensure_future(sleeper.stubborn())
        while not sleeper.log:
            await sleeper.add()
        task.cancel()
        return await task

    assert run(cancelled()) == "not me"


def test_a_deadline_ends_the_wait_and_the_coroutine(sleeper: Sleeper) -> None:
    with pytest.raises(manor.CallTimeout), manor.deadline(0.2):
        asyncio.run(sleeper.forever())
    until(lambda: "ended" in sleeper.log or not sleeper.log)


def wait_for_ever(test: Connection, sleeper: Sleeper) -> None:
    asyncio.run(sleeper.forever())


def test_the_coroutine_of_a_killed_process_is_cancelled(subject: Any, sleeper: Sleeper) -> None:
    with Child(subject.context, wait_for_ever, sleeper) as child:
        until(lambda: bool(sleeper.log))
        child.kill()
    until(lambda: sleeper.log == ["begun", "cancelled", "ended"])


def test_asynchronous_generators_are_iterated(manager: Any) -> None:
    numbers = manager.create(Numbers)

    async def some(count: int) -> list[int]:
        found = []
        async for number in numbers.slowly(10):
            found.append(number)
            if len(found) == count:
                break
        return found

    assert run(some(100)) == list(range(10))
    assert run(some(3)) == [0, 1, 2]


def test_asynchronous_context_managers_are_entered(sleeper: Sleeper) -> None:
    async def enter() -> None:
        async with sleeper as entered:
            assert entered is sleeper

    run(enter())
    assert sleeper.log == ["left"]


def test_a_coroutine_that_would_wait_for_its_caller_is_told_so(manager: Any, sleeper: Any) -> None:
    room = manager.create(Room)
    room.itself = room
    with pytest.raises(manor.WouldDeadlock):
        room.compute(sleeper)
    assert run(sleeper.call(room)) == 1


@pytest.mark.parametrize("concurrency", ["serial", "threads"])
def test_coroutines_that_come_back_to_the_caller_are_told_so(manager: Any, sleeper: Any, concurrency: str) -> None:
    relay = manager.options(concurrency=concurrency).create(Sleeper)
    with pytest.raises(manor.WouldDeadlock):
        sleeper.relay_now(relay, sleeper)
    assert run(relay.relay(sleeper)) == 1


def test_an_event_loop_inside_a_method_counts_as_its_caller(manager: Any, sleeper: Any) -> None:
    room, other = manager.create(Room), manager.create(Room)
    assert sorted(room.await_call((sleeper, other), (sleeper, other))) == [1, 2]
    with pytest.raises(manor.WouldDeadlock):
        room.await_call((sleeper, room))
    assert (room.visit(), other.visit()) == (1, 3)


def test_asynchronous_iterators_are_iterated(manager: Any) -> None:
    async def all_of_them() -> list[int]:
        return [tick async for tick in manager.create(Ticks, 3)]

    assert run(all_of_them()) == [2, 1, 0]


def test_serial_objects_and_coroutines_of_others_go_together(manager: Any, sleeper: Sleeper) -> None:
    tally = manager.create(Tally)
    tally.increase(3)
    assert run(sleeper.add(tally.value)) == 3
