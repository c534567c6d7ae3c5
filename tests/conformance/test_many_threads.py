"""1,000 client threads in 10 processes, each blocked in a call, delay nobody else, and leave nothing behind."""

import contextlib
import os
import resource
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    MANOR,
    MANOR_FORK,
    MANOR_SPAWN,
    STANDARD_FORK,
    SUBJECTS,
    Subject,
    on,
    register,
    until,
)

PROCESSES = 10
THREADS = 110  # together more than the connections that may be in their handshake at the same time
CALLS = 200
CALL_S = 0.005  # the median: a call takes a fraction of a millisecond
BACK_S = 10.0


class Saying:
    def say(self, word: object) -> object:
        return word


register("Saying", Saying)


def block(test: Connection, threads: int, items: Any, event: Any) -> None:
    """Wait in many threads: half of them for an item, half of them for an event."""
    got: list[object] = []
    waits = [(lambda: got.append(items.get())) if number % 2 else event.wait for number in range(threads)]
    workers = [threading.Thread(target=wait, daemon=True) for wait in waits]
    for worker in workers:
        worker.start()
    test.send("started")
    for worker in workers:
        worker.join()
    del workers, waits
    test.send(len(got))
    test.recv()


@contextlib.contextmanager
def blocked(subject: Subject, manager: Any, processes: int, threads: int) -> Iterator[tuple[Any, Any, list[Child]]]:
    """Processes whose threads all wait, as the server sees it, for items of a queue or an event."""
    probe, items, event = manager.Probe(), manager.Queue(), manager.Event()
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(subject.context, block, threads, items, event)) for _ in range(processes)]
        for child in children:
            child.hear()
        until(lambda: probe.waiting() == processes * threads)
        yield items, event, children


def served_by(subject: Subject) -> Any:
    """A manager whose server is waited for: what lives in shared memory has no thread there."""
    return subject.manager(**({} if subject.is_standard else {"resident": False}))


def median_call_s(manager: Any) -> float:
    """How long a call of a new client thread takes, in seconds."""
    saying, took = manager.Saying(), []

    def call() -> None:
        for number in range(CALLS):
            start = time.perf_counter()
            assert saying.say(number) == number
            took.append(time.perf_counter() - start)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    print(f"median {statistics.median(took) * 1e6:.0f} us, longest {max(took) * 1e6:.0f} us, first {took[0] * 1e6:.0f}")
    return statistics.median(took)


def settled(probe: Probe) -> tuple[int, int]:
    """The threads and descriptors of the server, with this client's thread among them."""
    return probe.threads(), probe.descriptors()


def came_back(probe: Probe, before: tuple[int, int], more: int = 0) -> None:
    """Wait until the server has no more threads and descriptors than before, but for a few."""
    until(lambda: all(now <= then + more for now, then in zip(settled(probe), before, strict=True)), BACK_S)


@on(*MANOR, STANDARD_FORK)
def test_1000_blocked_threads_do_not_delay_another_client_and_leave_nothing_behind(subject: Subject) -> None:
    with served_by(subject) as manager:
        assert manager.address  # then all of it is there
        probe = manager.Probe()
        before = settled(probe)
        with blocked(subject, manager, PROCESSES, THREADS) as (items, event, children):
            assert probe.threads() > PROCESSES * THREADS
            assert median_call_s(manager) < CALL_S
            event.set()
            for number in range(PROCESSES * THREADS // 2):
                items.put(number)
            assert sum(child.hear() for child in children) == PROCESSES * THREADS // 2
            came_back(probe, before, more=2 * PROCESSES)  # while the processes live
            for child in children:
                child.tell()
                assert child.join() == 0
        came_back(probe, before)


@on(MANOR_FORK)
def test_a_thousand_threads_that_are_killed_leave_nothing_behind(subject: Subject) -> None:
    with served_by(subject) as manager:
        assert manager.address  # then all of it is there
        probe = manager.Probe()
        before = settled(probe)
        with blocked(subject, manager, PROCESSES, THREADS) as (items, _, children):
            for child in children:
                os.kill(child.pid, signal.SIGKILL)
            until(lambda: probe.waiting() == 0, BACK_S)
            items.put("one")
            assert items.get_nowait() == "one"
        came_back(probe, before)


@on(MANOR_FORK, MANOR_SPAWN)
def test_a_server_may_have_more_files_open_than_its_owner(subject: Subject) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < 1024:
        pytest.skip(f"the system allows {hard} open files only")
    assert subject.run_in_child(start_with_few_files, subject.name) < CALL_S


def start_with_few_files(name: str) -> float:
    """In a process that may open 256 files: block 400 threads in others; return how long a call takes meanwhile."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    subject = next(subject for subject in SUBJECTS if subject.name == name)
    with served_by(subject) as manager:
        assert manager.address  # then all of it is there
        probe = manager.Probe()
        before = settled(probe)
        with blocked(subject, manager, processes=4, threads=100) as (_, _, children):
            assert probe.descriptors() > 400
            took = median_call_s(manager)
            for child in children:
                child.kill()
        came_back(probe, before)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 256
    return took
