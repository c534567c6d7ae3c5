"""How long a server lives: as its owner's process does, whatever else goes on, and it ends in order when told to."""

import contextlib
import gc
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import manor
from tests.conformance.children import Child, Ending, forked
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR_FORK,
    MANOR_SPAWN,
    STANDARD,
    STANDARD_FORK,
    SUBJECTS,
    Subject,
    on,
    register,
    standard_library_fails,
    until,
)

GONE_S = 1.0  # the promise
SHUTDOWN_S = 0.1  # the promise
OWNED = (MANOR_FORK, MANOR_SPAWN)  # nobody owns the server of the other subject
LIVES_ON = "the server looks for its owner's end never, and outlives it"


class Busy:
    """Has threads that do not end by themselves."""

    def start(self) -> None:
        threading.Thread(target=threading.Event().wait, name="not a daemon", daemon=False).start()

    def wait_for_ever(self) -> None:
        threading.Event().wait()


register("Busy", Busy)


# Owners: processes that own a server


def own(test: Connection, name: str, use: str, options: dict[str, Any]) -> None:
    """Start a server; tell its process id, and those of other processes that *use* asks for; wait to be killed."""
    subject = named(name)
    manager = subject.manager_class(ctx=subject.context, **options)
    manager.start()
    others = []
    if use == "siblings":
        children = [subject.context.Process(target=signal.pause) for _ in range(2)]
        for child in children:
            child.start()
        if (bare := os.fork()) == 0:
            signal.pause()
        others = [*(child.pid for child in children), bare]
    elif use == "pool":
        others = manager.Pool(2).map(worker_pid, range(20))
    elif use == "busy":
        busy = manager.Busy()
        busy.start()
        threading.Thread(target=busy.wait_for_ever, daemon=True).start()
    test.send((subject.server_pid(manager), others))
    test.recv()


def named(name: str) -> Subject:
    """Return a subject, which itself cannot be pickled."""
    return next(subject for subject in SUBJECTS if subject.name == name)


def worker_pid(_: int) -> int:
    return os.getpid()


def own_alone(test: Connection, name: str, items: str) -> None:
    """As `own`, in a process group of its own that does not mind Ctrl-C; use the server when told to."""
    subject = named(name)
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with subject.manager_class(ctx=subject.context) as manager:
        queue = getattr(manager, items)()
        test.send(subject.server_pid(manager))
        test.recv()
        queue.put("still there")
        test.send(queue.get())


@contextlib.contextmanager
def owner(subject: Subject, use: str = "", **options: Any) -> Iterator[tuple[Child, Ending, list[Ending]]]:
    """An owner, its server, and other processes of either."""
    with Child(subject.context, own, subject.name, use, options) as child, contextlib.ExitStack() as stack:
        server, others = child.hear()
        yield child, stack.enter_context(Ending(server)), [stack.enter_context(Ending(pid)) for pid in set(others)]


def killed(child: Child) -> None:
    """Kill it without waiting for whoever inherited its pipes."""
    with Ending(child.pid) as ending:
        os.kill(child.pid, signal.SIGKILL)
        assert ending.within(LIMIT_S)


@standard_library_fails(LIVES_ON, on=(*OWNED, *STANDARD))
def test_it_ends_within_a_second_of_its_owners_sigkill(subject: Subject) -> None:
    with owner(subject) as (child, server, _):
        assert not server.within(0)
        killed(child)
        assert server.within(GONE_S)


@standard_library_fails(LIVES_ON, on=(*OWNED, STANDARD_FORK))
def test_it_ends_while_other_children_of_its_owner_live_on(subject: Subject) -> None:
    with owner(subject, "siblings") as (child, server, siblings):
        killed(child)
        assert server.within(GONE_S)
        assert not any(sibling.within(0) for sibling in siblings)


@standard_library_fails(LIVES_ON, on=(*OWNED, STANDARD_FORK))
def test_it_ends_with_its_owner_though_hosted_objects_have_threads_at_work(subject: Subject) -> None:
    with owner(subject, "busy") as (child, server, _):
        killed(child)
        assert server.within(GONE_S)


@standard_library_fails(LIVES_ON, on=(*OWNED, STANDARD_FORK))
def test_the_workers_of_its_pools_end_with_it(subject: Subject) -> None:
    with owner(subject, "pool") as (child, server, workers):
        killed(child)
        assert server.within(GONE_S)
        assert all(worker.within(GONE_S) for worker in workers)


@on(*OWNED, STANDARD_FORK)
def test_it_does_not_end_with_the_thread_that_started_it(subject: Subject) -> None:
    manager = subject.manager_class(ctx=subject.context)
    thread = threading.Thread(target=manager.start)
    thread.start()
    thread.join()
    try:
        with Ending(subject.server_pid(manager)) as server:
            assert not server.within(0.3)  # nothing to wait for: it is not to happen
            assert manager.Probe().pid() == server.pid
    finally:
        manager.shutdown()


@on(*OWNED)
def test_one_that_is_to_live_on_does(subject: Subject) -> None:
    with owner(subject, exit_with_parent=False) as (child, server, _):
        killed(child)
        assert not server.within(0.3)  # nothing to wait for: it is not to happen
        os.kill(server.pid, signal.SIGTERM)
        assert server.within(GONE_S)


@on(*OWNED, STANDARD_FORK)
@pytest.mark.parametrize("items", ["Queue", "JoinableQueue"])
def test_control_c_does_not_end_it_under_its_users(subject: Subject, items: str) -> None:
    with Child(subject.context, own_alone, subject.name, items) as child:
        server = child.hear()
        assert os.getpgid(server) == child.pid
        with Ending(server) as ending:
            os.killpg(child.pid, signal.SIGINT)
            child.tell()
            assert child.hear() == "still there"
            assert not ending.within(0)


@standard_library_fails("SIGTERM kills it", on=(*OWNED, STANDARD_FORK))
def test_sigterm_ends_it_in_order(subject: Subject) -> None:
    with subject.manager() as manager:
        process = manager._process
        os.kill(process.pid, signal.SIGTERM)
        process.join(LIMIT_S)
        assert process.exitcode == 0


@on(*OWNED, STANDARD_FORK)
def test_it_ends_when_its_manager_is_collected(subject: Subject) -> None:
    manager = subject.manager_class(ctx=subject.context)
    manager.start()
    with Ending(subject.server_pid(manager)) as server:
        proxy = manager.list([1])
        assert len(proxy) == 1
        del manager
        gc.collect()
        assert len(proxy) == 1  # it keeps its manager
        del proxy
        gc.collect()
        assert server.within(LIMIT_S)


# Shutting down


@on(*OWNED, *STANDARD)
def test_shutdown_takes_less_than_100_ms(subject: Subject) -> None:
    command = [sys.executable, "-m", "tests.conformance.shutting_down", subject.managers.__name__, subject.method]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=LIMIT_S).stdout
    took = [float(seconds) for seconds in printed.split()]
    print(took)
    assert statistics.median(took) < SHUTDOWN_S


@on(*OWNED, STANDARD_FORK)
def test_shutdown_waits_for_threads_of_hosted_objects_no_longer_than_told(subject: Subject) -> None:
    with subject.manager(shutdown_timeout=0.2) as manager:
        manager.Busy().start()
        start = time.monotonic()
        manager.shutdown()
        assert time.monotonic() - start < 0.2 + GONE_S / 4


# What its clients are told


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

    def wait_in(condition: Any) -> None:
        with condition:
            condition.wait()

    waits: list[Callable[[], object]] = [lambda: wait_in(condition)]
    for waiter in waiters:
        names = ("get", "acquire", "wait", "wait_for_ever")
        waits.append(next(getattr(waiter, name) for name in names if hasattr(waiter, name)))
    threads = [threading.Thread(target=lambda wait=wait: told.append(died_in(wait))) for wait in waits]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    test.send(len(threads))
    for thread in threads:
        thread.join()
    start = time.monotonic()
    told.append(died_in(lambda: waiters[0].qsize()))
    test.send((told, time.monotonic() - start))


def end_by(manager: Any, how: str) -> None:
    if how == "shutdown":
        manager.shutdown()
    else:
        os.kill(manager._process.pid, getattr(signal, how))


REASONS = {"shutdown": "was shut down by process", "SIGTERM": "terminated by SIGTERM", "SIGKILL": "killed by SIGKILL"}


@pytest.mark.parametrize("how", ["shutdown", "SIGTERM", "SIGKILL"])
@on(*OWNED)
def test_waits_in_other_processes_end_at_once_and_say_why(subject: Subject, how: str) -> None:
    with subject.manager() as manager:
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


# What it leaves behind


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where servers put their sockets."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def own_private(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("manor-")]


@pytest.mark.parametrize("how", ["shutdown", "SIGTERM", "SIGKILL"])
@on(*OWNED)
def test_its_private_folder_is_removed(subject: Subject, folder: Path, how: str) -> None:
    with subject.manager() as manager:
        with Ending(subject.server_pid(manager)) as server:
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
