"""How a server ends when it is told to: soon, in order, with all clients told why, and without leftovers."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.children import Child, Ending, forked
from tests.conformance.owners import GONE_S, OWNED, killed, named, new_manager, owner
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    LIMIT_S,
    STANDARD,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
    until,
)

SHUTDOWN_S = 0.25  # on a busy machine, the quickest of a few rounds; waits that are none of its business take 0.5 s
REASONS = {"shutdown": "was shut down by process", "SIGTERM": "terminated by SIGTERM", "SIGKILL": "killed by SIGKILL"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where servers put their sockets."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def own_private(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("manor-")]


@standard_library_fails("SIGTERM kills it", on=(*OWNED, STANDARD_FORK))
def test_sigterm_ends_it_in_order(subject: Subject) -> None:
    with subject.manager() as manager:
        process = manager._process
        os.kill(process.pid, signal.SIGTERM)
        process.join(LIMIT_S)
        assert process.exitcode == 0


@on(*OWNED, *STANDARD)
def test_shutdown_waits_for_nothing(subject: Subject) -> None:
    command = [sys.executable, "-m", "tests.conformance.shutting_down", subject.managers.__name__, subject.method]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=LIMIT_S).stdout
    took = [float(seconds) for seconds in printed.split()]
    print(took)
    assert min(took) < SHUTDOWN_S


@on(*OWNED, STANDARD_FORK)
def test_shutdown_waits_for_threads_of_hosted_objects_no_longer_than_told(subject: Subject) -> None:
    with subject.manager(shutdown_timeout=0.2) as manager:
        manager.Busy().start()
        start = time.monotonic()
        manager.shutdown()
        assert time.monotonic() - start < 0.2 + GONE_S


def died_in(wait: Callable[[], object]) -> str:
    """Return what a wait says when the server ends."""
    try:
        wait()
    except manor.ManagerDied as error:
        return str(error)
    return "it returned"


def wait_and_tell(test: Connection, waiters: list[Any], condition: Any) -> None:
    """Wait in as many threads as there are ways to wait; tell what each is told, and then a later call."""
    told: list[str] = []
    asked = waiters[-1].wait_for_ever  # an object of a class of the test's own, whatever there is in shared memory

    def wait_in(condition: Any) -> None:
        with condition:
            condition.wait()

    waits: list[Callable[[], object]] = [lambda: wait_in(condition)]
    for waiter in waiters:
        names = ("get", "acquire", "wait", "wait_for_ever")
        waits.append(next(getattr(waiter, name) for name in names if hasattr(waiter, name)))
    threads = [threading.Thread(target=lambda wait=wait: told.append(died_in(wait))) for wait in waits]
    for thread in threads:
        thread.start()
    test.send(len(threads))
    for thread in threads:
        thread.join()
    start = time.monotonic()
    told.append(died_in(asked))
    test.send((told, time.monotonic() - start))


def end_by(manager: Any, how: str) -> None:
    if how == "shutdown":
        manager.shutdown()
    else:
        os.kill(manager._process.pid, getattr(signal, how))


@pytest.mark.parametrize("how", ["shutdown", "SIGTERM", "SIGKILL"])
@on(*OWNED)
def test_waits_in_other_processes_end_at_once_and_say_why(subject: Subject, how: str) -> None:
    # After a crash of the server alone, waits in shared memory go on.
    with subject.manager(**({"resident": False} if how == "SIGKILL" else {})) as manager:
        probe = manager.Probe()
        locks = [manager.Lock(), manager.RLock(), manager.Semaphore(), manager.BoundedSemaphore()]
        for lock in locks:
            lock.acquire()
        waiters = [manager.Queue(), *locks, manager.Event(), manager.Barrier(2), manager.Busy()]
        with Child(subject.context, wait_and_tell, waiters, manager.Condition()) as child:
            waits = child.hear()
            until(lambda: probe.waiting() == waits)
            end_by(manager, how)
            ended = time.monotonic()
            told, later_s = child.hear()
            assert time.monotonic() - ended < GONE_S
        assert len(told) == waits + 1
        assert all(REASONS[how] in text for text in told), told
        assert later_s < GONE_S


def own_waiters(test: Connection, name: str) -> None:
    """Start a server, and tell what there is to wait for."""
    manager = new_manager(named(name))
    manager.start()
    test.send(pickle.dumps([manager.Probe(), manager.Queue(), manager.Event(), manager.Busy()]))
    test.recv()


@on(*OWNED)
def test_waits_end_when_the_owner_is_killed(subject: Subject) -> None:
    with Child(subject.context, own_waiters, subject.name) as child, ThreadPoolExecutor(3) as pool:
        probe, items, event, busy = pickle.loads(child.hear())
        told = [pool.submit(died_in, wait) for wait in (items.get, event.wait, busy.wait_for_ever)]
        until(lambda: probe.waiting() == len(told))
        killed(child)
        for wait in told:
            assert f"its owner, process {child.pid}, ended" in wait.result(GONE_S)


@on(*OWNED)
def test_waits_in_shared_memory_outlive_the_server_and_end_with_the_manager(subject: Subject) -> None:
    with subject.manager() as manager:
        items, done = manager.Queue(), manager.Event()
        with Child(subject.context, get_and_wait, items, done) as child:
            child.hear()
            with Ending(subject.server_pid(manager)) as server:
                end_by(manager, "SIGKILL")
                assert server.within(LIMIT_S)
            items.put("still there")
            assert child.hear() == "still there"
            until(lambda: len(done.waiters) == 1)
            manager.shutdown()
            assert "manager" in child.hear()


def get_and_wait(test: Connection, items: Any, done: Any) -> None:
    test.send("waits")
    test.send(items.get())
    test.send(died_in(done.wait))


@pytest.mark.parametrize("how", ["shutdown", "SIGTERM", "SIGKILL"])
@on(*OWNED)
def test_its_private_folder_is_removed(subject: Subject, folder: Path, how: str) -> None:
    with subject.manager() as manager, Ending(subject.server_pid(manager)) as server:
        assert own_private(folder)
        end_by(manager, how)
        assert server.within(LIMIT_S)
    assert own_private(folder) == []


@on(*OWNED)
def test_its_private_folder_is_removed_after_its_owners_sigkill(subject: Subject, folder: Path) -> None:
    with owner(subject) as (child, server, _):
        assert own_private(folder)
        killed(child)
        assert server.within(GONE_S)
    assert own_private(folder) == []


@on(*OWNED)
def test_a_forked_child_that_ends_leaves_server_and_folder_alone(subject: Subject, folder: Path) -> None:
    with subject.manager() as manager:
        probe = manager.Probe()
        with forked(lambda _: manager.list([1])[0] == 1) as child:
            assert child.hear() is True
        assert subject.run_in_child(pid_by, probe) == probe.pid()
        assert own_private(folder)


def pid_by(probe: Probe) -> int:
    return probe.pid()
