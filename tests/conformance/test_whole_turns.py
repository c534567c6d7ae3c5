"""One call at a time, or readers together, or all at once: who may be in an object."""

import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import pytest

import manor
from tests.conformance.children import Child
from tests.conformance.crowds import Gate, Room, Tally, Watch
from tests.conformance.subjects import LIMIT_S, MANOR, ManorManager, on, run_in_child, until

pytestmark = on(*MANOR)

ManorManager.register("SerialRoom", Room, attributes=True)
ManorManager.register("ReadersRoom", Room, attributes=True, concurrency="readers")
ManorManager.register("ThreadsRoom", Room, attributes=True, concurrency="threads")


@pytest.fixture
def gate(manager: Any) -> Iterator[Gate]:
    found: Gate = manager.options(concurrency="threads").create(Gate)
    yield found
    found.let_go()


@pytest.fixture
def watch(manager: Any) -> Watch:
    found: Watch = manager.options(concurrency="threads").create(Watch)
    return found


@pytest.fixture(params=["created", "registered"])
def room_with(request: pytest.FixtureRequest, manager: Any) -> Callable[[Any], Room]:
    """Makes a room with such a concurrency: by `create()`, and as a registered type."""

    def made(concurrency: Any) -> Room:
        if request.param == "created":
            room: Room = manager.options(concurrency=concurrency).create(Room)
        else:
            room = getattr(manager, f"{(concurrency or 'serial').capitalize()}Room")()
        return room

    return made


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as found:
        yield found


def increment(test: Connection, tally: Tally, times: int) -> None:
    for _ in range(times):
        tally.increment()


def test_increments_of_eight_processes_add_up(subject: Any, manager: Any) -> None:
    tally = manager.create(Tally)
    children = [Child(subject.context, increment, tally, 1_000) for _ in range(8)]
    for child in children:
        with child:
            assert child.join() == 0
    assert tally.value == 8_000


def test_a_result_is_pickled_before_others_change_it(manager: Any, threads: ThreadPoolExecutor) -> None:
    tally = manager.create(Tally)

    def change() -> None:
        for number in range(300):
            tally.set_pair(number)

    changing = threads.submit(change)
    while not changing.done():
        one, other = tally.both()
        assert one == other
    changing.result()


def test_a_call_waits_until_the_one_before_has_ended(
    room_with: Callable[[Any], Room], gate: Gate, watch: Watch, threads: ThreadPoolExecutor
) -> None:
    room = room_with(None)
    first = threads.submit(room.visit, gate)
    gate.await_one()
    later = [threads.submit(room.visit), threads.submit(room.look), threads.submit(getattr, room, "note")]
    until(lambda: watch.waiting(room) == 3)
    assert not any(future.done() for future in later)
    gate.let_go()
    assert first.result(LIMIT_S) == 1
    assert {later[0].result(LIMIT_S), later[1].result(LIMIT_S)} <= {1, 2}
    assert later[2].result(LIMIT_S) == "empty"


def test_with_threads_all_are_in_at_once(
    room_with: Callable[[Any], Room], gate: Gate, threads: ThreadPoolExecutor
) -> None:
    room = room_with("threads")
    futures = [threads.submit(room.visit, gate) for _ in range(3)]
    for _ in futures:
        gate.await_one()
    assert room.look() == 3
    gate.let_go()
    assert all(future.result(LIMIT_S) == 3 for future in futures)


def test_readers_are_in_together_and_a_writer_alone(
    room_with: Callable[[Any], Room], gate: Gate, watch: Watch, threads: ThreadPoolExecutor
) -> None:
    room = room_with("readers")
    readers = [threads.submit(room.look, gate) for _ in range(2)]
    for _ in readers:
        gate.await_one()
    assert (room.note, room.seen, room.look()) == ("empty", 0, 0)
    writer = threads.submit(room.visit)
    until(lambda: watch.waiting(room) == 1)
    late = threads.submit(room.look)
    until(lambda: watch.waiting(room) == 2)
    gate.let_go()
    assert [reader.result(LIMIT_S) for reader in readers] == [0, 0]
    assert writer.result(LIMIT_S) == 1
    assert late.result(LIMIT_S) == 1, "it came after the writer"


def test_a_reader_may_read_again(room_with: Callable[[Any], Room]) -> None:
    room = room_with("readers")
    assert room.look_through(room) == 0
    with pytest.raises(manor.WouldDeadlock):
        room.call(room)


def test_an_object_that_calls_itself_is_told_so(room_with: Callable[[Any], Room]) -> None:
    room = room_with("serial")
    with pytest.raises(manor.WouldDeadlock, match=r"Room \w+\.call -> \S*Room \w+\.visit.*threads") as caught:
        room.call(room)
    assert isinstance(caught.value, RuntimeError)
    assert room.visit() == 1


def test_a_chain_that_comes_back_is_told(manager: Any) -> None:
    one, two, three = (manager.create(Room) for _ in range(3))
    with pytest.raises(manor.WouldDeadlock) as caught:
        one.call(two, three, one)
    chain = [f"Room {room._token.id}.call" for room in (one, two, three)]
    at = [str(caught.value).index(name) for name in (*chain, f"Room {one._token.id}.visit")]
    assert at[0] < at[1] < at[2]
    assert (one.visit(), two.visit(), three.visit()) == (1, 1, 1)
    assert one.call(two, three) == 2


def test_two_that_wait_for_each_other_do_not_hang(manager: Any, threads: ThreadPoolExecutor) -> None:
    one, two = manager.create(Room), manager.create(Room)
    gate = manager.options(concurrency="threads").create(Gate)
    futures = [threads.submit(one.call_after, gate, two), threads.submit(two.call_after, gate, one)]
    gate.await_one()
    gate.await_one()
    gate.let_go()
    errors = [future.exception(LIMIT_S) for future in futures]
    failed = [error for error in errors if error is not None]
    assert len(failed) == 1
    assert isinstance(failed[0], manor.WouldDeadlock)
    assert "waits for" in str(failed[0])


def test_operators_with_two_objects_take_their_turns_in_one_order(manager: Any, threads: ThreadPoolExecutor) -> None:
    one, two = manager.create(Tally), manager.create(Tally)

    def compare(left: Tally, right: Tally) -> bool:
        return any(left < right for _ in range(200))

    futures = [threads.submit(compare, one, two), threads.submit(compare, two, one)]
    assert [future.result(LIMIT_S) for future in futures] == [False, False]
    assert not one < one  # noqa: PLR0124 - the same object twice


def test_queues_and_locks_of_the_standard_library_get_threads(manager: Any, threads: ThreadPoolExecutor) -> None:
    jobs = manager.create(queue.Queue, 1)
    getting = threads.submit(jobs.get)
    jobs.put("job")
    assert getting.result(LIMIT_S) == "job"
    with pytest.raises(queue.Empty):
        jobs.get(timeout=0)
    lock = manager.create(threading.Lock)
    with lock:
        assert not threads.submit(lock.acquire, False).result(LIMIT_S)
    assert lock.acquire(False)


def test_a_wait_for_a_turn_obeys_a_deadline_and_takes_nothing(
    manager: Any, gate: Gate, watch: Watch, threads: ThreadPoolExecutor
) -> None:
    room = manager.create(Room)
    first = threads.submit(room.visit, gate)
    gate.await_one()
    for _ in range(3):
        with pytest.raises(manor.CallTimeout), manor.deadline(0.1):
            room.visit()
    until(lambda: watch.waiting(room) == 0)
    gate.let_go()
    assert first.result(LIMIT_S) == 1
    assert room.visit() == 2


class Roundabout:
    """Calls itself by ways that the server knows nothing of."""

    def count(self) -> int:
        return 1

    def by_thread(self, itself: "Roundabout") -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(count_in_time, itself).result(LIMIT_S)

    def by_process(self, method: str, itself: "Roundabout") -> Any:
        return run_in_child(multiprocessing.get_context(method), count_in_time, itself)


def count_in_time(roundabout: Roundabout) -> int:
    with manor.deadline(0.1):
        return roundabout.count()


@pytest.mark.leaves_processes  # the server's resource tracker, which ends with it
def test_a_deadline_ends_a_wait_for_itself_of_which_the_server_knows_nothing(manager: Any) -> None:
    roundabout = manager.create(Roundabout)
    with pytest.raises(manor.CallTimeout):
        roundabout.by_thread(roundabout)
    for method in ("fork", "spawn"):
        with pytest.raises(manor.CallTimeout):
            roundabout.by_process(method, roundabout)
    assert roundabout.count() == 1


def visit(test: Connection, room: Room, gate: Gate | None) -> None:
    test.send("now")
    room.visit(gate)


def test_a_process_that_is_killed_in_line_takes_nothing(
    subject: Any, manager: Any, gate: Gate, watch: Watch, threads: ThreadPoolExecutor
) -> None:
    room = manager.create(Room)
    first = threads.submit(room.visit, gate)
    gate.await_one()
    with Child(subject.context, visit, room, None) as child:
        until(lambda: watch.waiting(room) == 1)
        child.kill()
    until(lambda: watch.waiting(room) == 0)
    gate.let_go()
    assert first.result(LIMIT_S) == 1
    assert room.visit() == 2


def test_a_process_that_is_killed_in_its_turn_leaves_it(subject: Any, manager: Any, gate: Gate, watch: Watch) -> None:
    room = manager.create(Room)
    with Child(subject.context, visit, room, gate) as child:
        gate.await_one()
        child.kill()
    assert not watch.is_free(room), "the method still runs"
    gate.let_go()
    until(lambda: watch.is_free(room))
    assert room.visit() == 2


def test_an_unknown_way_is_refused(manager: Any) -> None:
    with pytest.raises(ValueError, match="serial, readers, threads"):
        manager.options(concurrency="all")
    with pytest.raises(ValueError, match="serial, readers, threads"):
        ManorManager.register("AnyRoom", Room, attributes=True, concurrency="all")  # type: ignore[arg-type]


def test_a_registered_type_without_attributes_takes_no_concurrency(subject: Any) -> None:
    with pytest.raises(TypeError, match="attributes=True"):
        ManorManager.register("AnyRoom", Room, concurrency="serial")
    assert not hasattr(ManorManager, "AnyRoom")


def test_a_method_that_fails_leaves_its_turn(manager: Any) -> None:
    room = manager.create(Room)
    with pytest.raises(AttributeError):
        room.call(None)
    assert room.visit() == 1
