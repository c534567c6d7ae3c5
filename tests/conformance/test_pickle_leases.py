"""A pickled proxy keeps its object alive for a while, whether it is loaded never, once or many times."""

import gc
import pickle
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pytest

import manor
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR,
    STANDARD,
    SUBJECTS,
    Subject,
    objects,
    on,
    standard_library_fails,
    standard_library_left_out,
    until,
)

SHORT = manor.Limits(pickle_lease_s=0.3)
DROPPED = "an object is gone with its last proxy, whatever pickles of it there are"
KINDS: list[tuple[str, tuple[Any, ...]]] = [
    ("list", ([1],)), ("dict", ({"a": 1},)), ("Queue", ()), ("Lock", ()), ("Event", ()), ("Value", ("i", 1)),
    ("Array", ("i", [1])), ("Namespace", ()), ("Barrier", (1,)), ("Condition", ()), ("Keeper", ()),
]  # fmt: skip


def pickled(proxy: Any) -> bytes:
    return pickle.dumps(proxy)


def contents(data: bytes) -> Any:
    return pickle.loads(data)[:]


def loaded_again_and_again(data: bytes) -> list[Any]:
    found = []
    for _ in range(3):
        proxy = pickle.loads(data)
        found.append(proxy[:])
        del proxy
        gc.collect()
    return found


def received(queue: Any) -> Any:
    return queue.get(timeout=LIMIT_S)[:]


def read(proxy: Any) -> Any:
    return proxy[:]


# Alive


@standard_library_fails(DROPPED)
def test_a_proxy_that_was_pickled_and_dropped_is_alive_when_it_is_loaded(subject: Subject, manager: Any) -> None:
    for kind, args in KINDS:
        data = pickled(getattr(manager, kind)(*args))
        gc.collect()
        proxy = pickle.loads(data)
        assert str(proxy)
        assert "failed" not in str(proxy)


@standard_library_fails(DROPPED)
def test_a_pickle_can_be_loaded_again_and_again_in_several_processes(subject: Subject, manager: Any) -> None:
    data = pickled(manager.list([1, 2]))
    assert loaded_again_and_again(data) == [[1, 2]] * 3
    assert subject.run_in_child(loaded_again_and_again, data) == [[1, 2]] * 3
    assert loaded_again_and_again(data) == [[1, 2]] * 3


@standard_library_left_out(f"{DROPPED}; a queue's thread pickles sooner or later than that")
def test_a_proxy_that_was_put_into_a_queue_and_dropped_arrives_alive(subject: Subject, manager: Any) -> None:
    queue = subject.context.Queue()
    for number in range(3):
        queue.put(manager.list([number]))
    gc.collect()
    assert subject.run_in_child(received, queue) == [0]
    assert [received(queue), received(queue)] == [[1], [2]]
    queue.close()
    queue.join_thread()


@on(*SUBJECTS)
def test_a_proxy_that_was_put_into_a_managers_queue_and_dropped_arrives_alive(subject: Subject, manager: Any) -> None:
    queue = manager.Queue()
    for number in range(2):
        queue.put(manager.list([number]))
    gc.collect()
    assert subject.run_in_child(received, queue) == [0]
    assert received(queue) == [1]


def sent_by_child(queue: Any, address: Any) -> None:
    outer = pickle.loads(address)
    queue.put(pickled(outer[0]))
    outer.clear()
    del outer
    gc.collect()


@standard_library_left_out(DROPPED)
def test_a_pickle_outlives_the_process_that_made_it(subject: Subject, manager: Any) -> None:
    queue = subject.context.SimpleQueue()
    outer = manager.list([manager.list(["inner"])])
    subject.run_in_child(sent_by_child, queue, pickled(outer))
    data = queue.get()
    queue.close()
    assert len(outer) == 0
    assert contents(data) == ["inner"]


def make_and_pickle(outer: Any) -> bytes:
    inner = pickle.loads(pickled(outer[0]))
    outer.clear()
    return pickled(inner)


@standard_library_left_out(DROPPED)
def test_a_result_of_a_child_that_is_a_pickle_is_alive_after_the_child(subject: Subject, manager: Any) -> None:
    outer = manager.list([manager.list(["inner"])])
    assert contents(subject.run_in_child(make_and_pickle, outer)) == ["inner"]


@standard_library_left_out(f"{DROPPED}, unless a worker is faster")
def test_arguments_of_a_pool_that_were_dropped_arrive_alive(subject: Subject, manager: Any) -> None:
    with subject.context.Pool(2) as pool:
        results = [pool.apply_async(read, (manager.list([number]),)) for number in range(8)]
        gc.collect()
        assert [result.get(LIMIT_S) for result in results] == [[number] for number in range(8)]
        assert pool.map(read, [manager.list([number]) for number in range(8)]) == [[number] for number in range(8)]
        pool.close()
        pool.join()


@standard_library_left_out(f"{DROPPED}, unless a worker is faster")
def test_arguments_of_an_executor_that_were_dropped_arrive_alive(subject: Subject, manager: Any) -> None:
    with ProcessPoolExecutor(2, mp_context=subject.context) as executor:
        futures = [executor.submit(read, manager.list([number])) for number in range(8)]
        gc.collect()
        assert [future.result(LIMIT_S) for future in futures] == [[number] for number in range(8)]


PROGRAM = "import pickle, sys; print(pickle.load(sys.stdin.buffer)[:], end='')"


@standard_library_left_out(DROPPED)
def test_a_program_reads_a_proxy_that_was_dropped_from_its_standard_input(subject: Subject, manager: Any) -> None:
    data = pickled(manager.list(["from stdin"]))
    gc.collect()
    for _ in range(2):
        found = subprocess.run(
            [sys.executable, "-c", PROGRAM], input=data, capture_output=True, timeout=LIMIT_S, check=False
        )
        assert (found.stdout, found.stderr) == (b"['from stdin']", b"")


@standard_library_fails(DROPPED, on=(*MANOR, STANDARD[0]))
def test_a_pickle_of_an_unpickled_proxy_is_as_good(subject: Subject, manager: Any) -> None:
    data = pickled(manager.list([1]))
    for _ in range(3):
        data = pickled(pickle.loads(data))
        gc.collect()
    assert contents(data) == [1]


@on(*MANOR)
def test_whatever_pickles_a_proxy_makes_a_lease(subject: Subject, manager: Any) -> None:
    makers: list[Any] = [
        lambda proxy: pickle.dumps(proxy, 0),
        lambda proxy: pickle.dumps({"deep": [(proxy,)]}),
        ForkingPickler.dumps,
    ]
    for dumps in makers:
        data = bytes(dumps(manager.list([1])))
        gc.collect()
        found = pickle.loads(data)
        assert (found["deep"][0][0] if isinstance(found, dict) else found)[:] == [1]


# Freed. No test takes it for granted that something happens within a short lease: only that the lease ends


@on(*MANOR)
def test_an_object_whose_pickle_is_never_loaded_goes_when_the_lease_ends(subject: Subject) -> None:
    with subject.manager(limits=SHORT) as manager:
        before = objects(manager)
        data = pickled(manager.list([1]))
        until(lambda: objects(manager) == before)
        with pytest.raises(manor.ObjectGone, match="lease"):
            contents(data)
        with pytest.raises(KeyError):
            contents(data)
        with pytest.raises(manor.RemoteError):
            contents(data)


@on(*MANOR)
def test_an_object_that_is_held_when_the_lease_ends_goes_with_its_last_proxy(subject: Subject) -> None:
    with subject.manager(limits=SHORT) as manager:
        proxy = manager.list([1])
        before = objects(manager)
        loaded = pickle.loads(pickled(proxy))
        del proxy
        pickled(manager.list(["later"]))
        until(lambda: objects(manager) == before)  # leases end in turn
        assert loaded[:] == [1]
        del loaded
        assert objects(manager) == before - 1


def alive_after_a_second_lease(manager: Any) -> bool:
    """Pickle a proxy whose first lease has ended, and load that; False if it took longer than the second lease."""
    proxy, marker = manager.list([1]), manager.list()
    pickled(proxy)
    pickled(marker)
    before = objects(manager)
    del marker
    until(lambda: objects(manager) == before - 1)  # leases end in turn
    start = time.monotonic()
    data = pickled(proxy)
    del proxy
    try:
        return bool(contents(data) == [1])
    except manor.ObjectGone:
        if time.monotonic() - start < SHORT.pickle_lease_s:
            raise
        return False


@on(*MANOR)
def test_a_later_pickle_makes_the_lease_longer(subject: Subject) -> None:
    with subject.manager(limits=SHORT) as manager:
        before = objects(manager)
        until(lambda: alive_after_a_second_lease(manager))
        until(lambda: objects(manager) == before)


@on(*MANOR)
def test_many_leases_all_end(subject: Subject) -> None:
    with subject.manager(limits=SHORT) as manager:
        before = objects(manager)
        for _ in range(200):
            pickled(manager.list([manager.list(["inner"])]))
        until(lambda: objects(manager) == before)


@on(*MANOR)
def test_a_lease_of_a_container_keeps_what_is_in_it(subject: Subject) -> None:
    with subject.manager() as manager:
        before = objects(manager)
        data = pickled(manager.list([manager.list(["inner"])]))
        assert objects(manager) == before + 2
        loaded = pickle.loads(data)
        assert loaded[0][:] == ["inner"]
        del loaded
        assert objects(manager) == before + 2


@on(*MANOR)
def test_arguments_and_results_of_calls_need_no_lease(subject: Subject) -> None:
    with subject.manager() as manager:
        before = objects(manager)
        outer = manager.list()
        outer.append(manager.list([1]))
        outer[0].append(2)
        assert [inner[:] for inner in outer] == [[1, 2]]
        del outer
        assert objects(manager) == before


def pickle_and_forget(proxy: Any) -> None:
    pickled(proxy)


@on(*MANOR)
def test_a_child_leases_for_as_long_as_the_manager_says(subject: Subject) -> None:
    with subject.manager(limits=SHORT) as manager:
        proxy = manager.list([1])
        before = objects(manager)
        subject.run_in_child(pickle_and_forget, proxy)
        del proxy
        until(lambda: objects(manager) == before - 1, 20.0)
