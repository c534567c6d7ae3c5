"""A chain of calls that comes back to a serial object by way of other managers: it is told so, and never hangs."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import manor
from manor._transport.addresses import describe
from manor._wire import chains
from tests.conformance.crowds import Gate, Watch
from tests.conformance.subjects import LIMIT_S, MANOR, ManorManager, Subject, on, run_in_child, until
from tests.conformance.visitors import ENTRIES, Visitor

pytestmark = on(*MANOR)

ManorManager.register("PlainVisitor", Visitor)


@pytest.fixture(scope="module")
def second(subject: Subject) -> Iterator[Any]:
    with subject.manager() as started:
        yield started


@pytest.fixture(scope="module")
def third(subject: Subject) -> Iterator[Any]:
    with subject.manager() as started:
        yield started


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """What hangs in spite of all ends."""
    with manor.deadline(LIMIT_S):
        yield


@pytest.fixture
def one(manager: Any) -> Any:
    return manager.create(Visitor)


@pytest.fixture
def two(second: Any) -> Any:
    return second.create(Visitor)


@pytest.fixture
def three(third: Any) -> Any:
    return third.create(Visitor)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as found:
        yield found


def with_threads(manager: Any, cls: Any) -> Any:
    return manager.options(concurrency="threads").create(cls)


def test_a_chain_that_comes_back_through_a_ring_of_managers_is_told(one: Any, two: Any, three: Any) -> None:
    with pytest.raises(manor.WouldDeadlock) as caught:
        one.call(two, three, one)
    text = str(caught.value)
    places = [f"Visitor {each._token.id}.call at {describe(each._token.address)}" for each in (one, two, three)]
    at = [text.index(name) for name in (*places, f"Visitor {one._token.id}.visit).")]
    assert at == sorted(at)
    assert (one.visit(), two.visit(), three.visit()) == (1, 1, 1)
    assert one.call(two, three) == 2


def test_a_chain_may_come_back_to_any_object_of_it(one: Any, two: Any, three: Any) -> None:
    for path in ((two, one), (two, three, two), (two, three, three), (two, three, two, one)):
        with pytest.raises(manor.WouldDeadlock):
            one.call(*path)
    assert one.call(two, three) == 1


def test_a_chain_may_go_through_one_manager_to_and_fro(one: Any, two: Any, manager: Any, second: Any) -> None:
    others = [each.create(Visitor) for each in (manager, second) * 2]
    assert one.call(two, *others) == 1
    with pytest.raises(manor.WouldDeadlock):
        one.call(two, *others, others[0])
    with pytest.raises(manor.WouldDeadlock):
        one.call(two, *others, one)
    assert others[-1].visit() == 2


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_way_into_an_object_is_told_so(one: Any, two: Any, entry: str) -> None:
    with pytest.raises(manor.WouldDeadlock):
        one.through(two, entry, one)
    assert one.visit() == 1


def test_what_is_called_while_a_generator_is_fetched_belongs_to_the_chain(one: Any, two: Any) -> None:
    with pytest.raises(manor.WouldDeadlock):
        one.iterate(two, one)
    assert list(two.visits_of(one)) == [1]


def test_objects_without_turns_pass_a_chain_on(one: Any, second: Any, third: Any) -> None:
    for other in (with_threads(second, Visitor), second.PlainVisitor()):
        with pytest.raises(manor.WouldDeadlock):
            one.call(other, third.PlainVisitor(), one)
        assert one.visit()


def test_an_object_that_is_found_in_a_container_of_another_manager_belongs_to_the_chain(
    one: Any, second: Any, two: Any
) -> None:
    with pytest.raises(manor.WouldDeadlock):
        one.found_in(second.dict(other=two), one)
    assert one.visit() == 1


def test_making_an_object_in_another_manager_is_part_of_the_chain(one: Any, second: Any) -> None:
    with pytest.raises(manor.WouldDeadlock):
        one.have_made(second.address, bytes(second._authkey), one)
    assert second.create(Visitor, one).visits == 0
    assert one.visits == 1


@pytest.mark.parametrize("how", ["compute", "compute_awaiting", "in_a_loop"])
@pytest.mark.parametrize("concurrency", ["serial", "threads"])
def test_a_chain_goes_through_coroutines(one: Any, second: Any, how: str, concurrency: Any) -> None:
    other = second.options(concurrency=concurrency).create(Visitor)
    with pytest.raises(manor.WouldDeadlock):
        getattr(one, how)(other, one)
    assert one.visit() == 1
    assert other.visit() == 1


def test_an_event_loop_of_an_object_without_turns_passes_a_chain_on(one: Any, second: Any, three: Any) -> None:
    other = with_threads(second, Visitor)
    with pytest.raises(manor.WouldDeadlock):
        one.have_in_a_loop(other, three, one)
    assert one.visit() == 1


def test_an_event_loop_that_would_wait_for_itself_is_told_so(manager: Any, second: Any, two: Any) -> None:
    one, sibling = with_threads(manager, Visitor), with_threads(manager, Visitor)
    for target in (one, sibling):
        with pytest.raises(manor.WouldDeadlock):
            one._callmethod("call_now", (two, target))
    assert two.visit() == 1


def test_a_coroutine_that_awaits_another_manager_may_be_called_meanwhile(one: Any, two: Any) -> None:
    assert one._callmethod("await_a_call", (two, one)) == 1


def test_who_reads_may_read_again_by_way_of_another_manager(
    manager: Any, two: Any, threads: ThreadPoolExecutor
) -> None:
    one = manager.options(concurrency="readers").create(Visitor)
    gate, watch = with_threads(manager, Gate), with_threads(manager, Watch)
    reading = threads.submit(one.look_through, two, one, gate)
    gate.await_one()
    writing = threads.submit(one.visit)
    until(lambda: watch.waiting(one) == 1)
    gate.let_go()
    assert reading.result(LIMIT_S) == 0
    assert writing.result(LIMIT_S) == 1
    with pytest.raises(manor.WouldDeadlock):
        one.be_visited_through(two, one)


def test_calls_of_others_wait_for_the_end_of_a_chain(
    manager: Any, one: Any, two: Any, three: Any, threads: ThreadPoolExecutor
) -> None:
    gate, watch = with_threads(manager, Gate), with_threads(manager, Watch)
    chain = threads.submit(one.call_after, gate, two)
    gate.await_one()
    others = [threads.submit(three.call, one), threads.submit(one.visit)]
    until(lambda: watch.waiting(one) == 2)
    gate.let_go()
    assert isinstance(chain.result(LIMIT_S), int)
    assert sorted(other.result(LIMIT_S) for other in others) == [1, 2]


def test_many_chains_at_once_are_told_each_of_its_own(
    one: Any, two: Any, three: Any, threads: ThreadPoolExecutor
) -> None:
    def come_back() -> int:
        found = 0
        for _ in range(20):
            with pytest.raises(manor.WouldDeadlock):
                one.call(two, three, one)
            found += one.call(two, three) > 0
        return found

    assert [each.result(LIMIT_S) for each in [threads.submit(come_back) for _ in range(4)]] == [20] * 4


def test_threads_that_wait_for_each_other_by_way_of_another_manager_do_not_hang(
    manager: Any, two: Any, threads: ThreadPoolExecutor
) -> None:
    one, other = manager.create(Visitor), manager.create(Visitor)
    gate = with_threads(manager, Gate)
    futures = [threads.submit(one.call_after, gate, two, other), threads.submit(other.call_after, gate, one)]
    gate.await_one()
    gate.await_one()
    gate.let_go()
    failed = [error for future in futures if (error := future.exception(LIMIT_S)) is not None]
    assert [type(error) for error in failed] == [manor.WouldDeadlock]
    assert "waits for" in str(failed[0])
    assert (one.visit() > 0, two.visit(), other.visit() > 0) == (True, 1, True)


def test_a_call_that_was_given_up_is_part_of_no_chain(manager: Any, one: Any, two: Any) -> None:
    gate, watch = with_threads(manager, Gate), with_threads(manager, Watch)
    assert one.give_up(two, one, gate, watch) == "gave up"
    assert two.outcome == 1


def test_chains_that_cross_are_ended_by_a_deadline_of_the_methods_own(
    manager: Any, one: Any, two: Any, threads: ThreadPoolExecutor
) -> None:
    gate = with_threads(manager, Gate)
    futures = [threads.submit(one.call_briefly, gate, two), threads.submit(two.call_briefly, gate, one)]
    gate.await_one()
    gate.await_one()
    gate.let_go()
    failed = [error for future in futures if (error := future.exception(LIMIT_S)) is not None]
    assert {type(error) for error in failed} == {manor.CallTimeout}
    assert min(one.visit(), two.visit()) > 0


def tells_chains(one: Any) -> tuple[int, bool]:
    return one.visit(), chains.depart is not None


def test_a_process_that_hosts_nothing_tells_of_no_chains(one: Any) -> None:
    context = multiprocessing.get_context("spawn")  # a forked one has what this process has loaded
    assert run_in_child(context, tells_chains, one) == (1, False)
