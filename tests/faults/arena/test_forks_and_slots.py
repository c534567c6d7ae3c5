"""Forks at any moment, processes that come and go, and what they leave: slots, descriptors, handles."""

import gc
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from manor import ArenaUnavailable, ManorWarning, ObjectGone, _native
from tests.conformance.children import Child, forked
from tests.conformance.subjects import MANOR_FORK, MANOR_SPAWN, ManorManager, until
from tests.faults.arena.back_again import assert_back_at
from tests.unit.resident.arenas import Hooks, make_arena

THREADS = 3
ATTACHED = 200  # a process has a slot for each time that it attached, until it ends


@contextmanager
def busy_threads(d: Any, x: Any) -> Iterator[list[BaseException]]:
    """Threads that work on a dict and a list all the time; what they raise."""
    stop, errors = threading.Event(), list[BaseException]()

    def work(name: int) -> None:
        try:
            number = 0
            while not stop.is_set():
                number += 1
                d[name] = "x" * (number % 300)
                assert len(d[name]) == number % 300
                d.add("count", 1)
                x.append((name, number))
                x.pop(0)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


def work_in_child(d: Any, x: Any, name: object) -> int:
    for number in range(30):
        d[name, "child"] = number
        x.append(name)
        d.add("from children", 1)
    return int(d[name, "child"])


@pytest.mark.parametrize("forks", [40, pytest.param(3_000, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])])
def test_a_fork_while_threads_are_in_operations_works_on_both_sides(forks: int) -> None:
    with MANOR_FORK.manager() as manager:
        d, x = manager.dict({"from children": 0}), manager.list()
        baseline = manager.stats()
        with busy_threads(d, x):
            for number in range(forks):
                with forked(lambda _, number=number: work_in_child(d, x, number)) as child:  # type: ignore[misc]
                    d["parent"] = number
                    assert child.hear() == 29
        assert d["from children"] == 30 * forks
        d.clear()
        x.clear()
        assert_back_at(baseline, manager)


@pytest.mark.parametrize("forks", [15, pytest.param(500, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])])
def test_threads_that_fork_at_the_same_time_give_each_child_a_slot_of_its_own(forks: int) -> None:
    with MANOR_FORK.manager() as manager:
        d, x = manager.dict({"from children": 0}), manager.list()
        baseline = manager.stats()
        errors = list[BaseException]()

        def fork_often() -> None:
            try:
                for _ in range(forks):
                    with forked(lambda _: work_in_child(d, x, threading.get_ident())) as child:
                        assert child.hear() == 29
            except BaseException as error:
                errors.append(error)

        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        threads = [threading.Thread(target=fork_often) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
        assert errors == []
        assert d["from children"] == 30 * forks * THREADS
        d.clear()
        x.clear()
        assert_back_at(baseline, manager)


def test_a_childs_proxies_keep_objects_that_its_parent_has_dropped() -> None:
    with MANOR_FORK.manager() as manager:
        held = [manager.list()]  # from here on the test has a slot
        held.clear()
        gc.collect()
        baseline = manager.stats()
        held += [manager.list([1, 2, 3]), manager.dict(a=1)]

        def use(pipe: Connection) -> list[Any]:
            pipe.send("has them")
            pipe.recv()
            return [held[0][:], held[1].copy()]

        with forked(use) as child:
            assert child.hear() == "has them"
            held.clear()
            gc.collect()
            child.tell()
            assert child.hear() == [[1, 2, 3], {"a": 1}]
        assert_back_at(baseline, manager)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def mappings() -> int:
    return Path("/proc/self/maps").read_text().count("manor-arena")


@pytest.mark.parametrize("cycles", [1_000, pytest.param(10_000, marks=pytest.mark.stress)])
def test_attaching_again_and_again_leaves_no_descriptor_and_no_mapping(cycles: int) -> None:
    before = descriptors(), mappings()
    for _ in range(cycles // ATTACHED):
        arena = make_arena()
        shared = _native.Dict(arena)
        for number in range(ATTACHED):
            _native.Dict(_native.Arena.attach(arena.fileno(), "again", Hooks()), shared._handle)[number] = number
            assert shared[number] == number
        del arena, shared
    gc.collect()
    assert (descriptors(), mappings()) == before


def use_and_leave(test: Connection, d: Any, number: int) -> None:
    d[number] = number
    test.send(d[number])


@pytest.mark.parametrize("processes", [60, pytest.param(10_000, marks=[pytest.mark.stress, pytest.mark.timeout(3600)])])
def test_processes_that_come_and_go_leave_slots_and_descriptors_as_they_were(processes: int) -> None:
    with MANOR_FORK.manager() as manager:
        d = manager.dict()
        keeper = manager.Descriptors()
        baseline, before = manager.stats(), (descriptors(), keeper.count())
        for number in range(processes):
            with Child(MANOR_FORK.context, use_and_leave, d, number) as child:
                assert child.hear() == number
                if number % 3 == 0:
                    child.kill()
        d.clear()
        assert_back_at(baseline, manager)
        until(lambda: (descriptors(), keeper.count()) <= before)


class Descriptors:
    """Counts the server's."""

    def count(self) -> int:
        return descriptors()


ManorManager.register("Descriptors", Descriptors)


def attach_in_a_thread(test: Connection, d: Any) -> None:
    """The thread that attaches, and holds locks first, ends long before the process."""

    def work() -> None:
        for number in range(100):
            d.add("count", number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    test.send("thread ended")
    test.recv()
    d.add("count", 1)
    test.send(d["count"])


@pytest.mark.parametrize("subject", [MANOR_FORK, MANOR_SPAWN], ids=lambda subject: str(subject.name))
def test_a_process_works_on_when_the_thread_that_attached_it_has_ended(subject: Any) -> None:
    with subject.manager() as manager:
        d = manager.dict()
        with Child(subject.context, attach_in_a_thread, d) as child:
            assert child.hear() == "thread ended"
            slots = manager.stats()["slots"]
            d["parent"] = 1
            assert manager.stats()["slots"] == slots
            child.tell()
            assert child.hear() == 4951


def test_a_stale_handle_is_gone_even_when_its_place_has_another_object() -> None:
    arena = make_arena()
    stale = []
    for _ in range(200):
        made = _native.List(arena)
        stale.append(made._handle)
        del made
    fresh = [_native.List(arena) for _ in range(50)]
    reused = {at for at, _ in stale} & {one._handle[0] for one in fresh}
    assert reused, "places are used again"
    for handle in stale:
        with pytest.raises(ObjectGone):
            _native.List(arena, handle)
    assert all(len(one) == 0 for one in fresh)


def use_without_a_slot(test: Connection, address: Any, key: bytes) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        manager = ManorManager(address, key)
        manager.connect()
        found = manager.get("shared")
        found["late"] = manager.list([1, 2])
        values = (found["a"], found["late"][:])
    test.send((values, [str(each.message) for each in caught if issubclass(each.category, ManorWarning)]))


@pytest.mark.parametrize("method", [MANOR_FORK, MANOR_SPAWN], ids=lambda subject: str(subject.name))
def test_one_process_too_many_reaches_objects_through_the_server_with_a_warning(method: Any) -> None:
    with ExitStack() as stack:
        owner = stack.enter_context(Child(MANOR_FORK.context, own))
        address, key, pid, size = owner.hear()
        stack.enter_context(taken_by_a_child(pid, size))
        with Child(method.context, use_without_a_slot, address, key) as child:
            values, warned = child.hear()
            assert values == (1, [1, 2])
            assert len(warned) == 1
            assert "every slot is taken" in warned[0]


def own(test: Connection) -> None:
    with ManorManager(ctx=MANOR_FORK.context) as manager:
        manager.dict(name="shared")["a"] = 1
        test.send((manager.address, bytes(manager._authkey), manager._process.pid, manager.stats()["bytes_reserved"]))
        test.recv()


@contextmanager
def taken_by_a_child(pid: int, size: int) -> Iterator[None]:
    """A process that has every slot that was left."""
    with Child(MANOR_FORK.context, take_all_slots, pid, size) as child:
        assert child.hear() == "taken"
        yield


def take_all_slots(test: Connection, pid: int, size: int) -> None:
    files = [file for file in Path(f"/proc/{pid}/fd").iterdir() if "manor-arena" in str(file.readlink())]
    assert size in {file.stat().st_size for file in files}
    arenas = []
    for file in files:  # forked servers inherit older ones, and no number of a file says which is theirs
        fd = os.open(file, os.O_RDWR)
        with suppress(ArenaUnavailable):
            while True:
                arenas.append(_native.Arena.attach(fd, "filler", Hooks()))
    test.send("taken")
    test.recv()
