"""Which ends of a process are abnormal, and which are orderly and leave its locks as they are."""

import contextlib
import itertools
import os
import signal
import sys
import threading
import warnings
from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import OwnerDiedWarning
from tests.conformance.cases import each
from tests.conformance.children import Child, forked
from tests.conformance.deaths import (
    acquired_after_death,
    mortal,
)
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    MANOR,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
    standard_library_left_out,
)


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


def end_by(test: Connection, how: str, shelf: Any, lock: Any) -> None:
    held = shelf[0]
    lock.acquire()
    test.send("holds")
    if how == "exit":
        sys.exit(3)
    if how == "exception":
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the traceback is not of interest
        raise RuntimeError("not caught")
    if how == "_exit":
        os._exit(0)
    if how == "terminate":
        signal.pause()
    del held  # before the end


def return_with_a_thread_at_work(test: Connection, lock: Any, shelf: Any) -> None:
    """Return from the main thread, while another one, which the process waits for, goes on."""
    held = shelf[0]

    def work() -> None:
        threading.main_thread().join()
        assert held is not None
        lock.acquire()
        test.send("holds")
        test.recv()

    threading.Thread(target=work).start()


@each(["return", "exit", "exception"], standard_library="return", fails="what is in a list is never freed")
def test_what_only_an_ended_process_referred_to_is_freed(
    subject: Subject, manager: Any, probe: Probe, kind: str
) -> None:
    lock = manager.Lock()
    with mortal(manager, probe) as shelf, Child(subject.context, end_by, kind, shelf, lock) as child:
        child.hear()
        del shelf[:]
        child.join()


@each(
    itertools.product(["Lock", "BoundedSemaphore", "registered_lock"], ["return", "exit", "exception"]),
    standard_library=("Lock", "return"),
)
def test_an_orderly_end_leaves_it_locked_and_another_process_may_release(
    subject: Subject, manager: Any, probe: Probe, kind: tuple[str, str]
) -> None:
    lock, how = getattr(manager, kind[0])(), kind[1]
    buried = contextlib.nullcontext(manager.list([0])) if subject.is_standard else mortal(manager, probe)
    with buried as shelf, Child(subject.context, end_by, how, shelf, lock) as child:
        child.hear()
        del shelf[:]
        assert child.join() == {"return": 0, "exit": 3, "exception": 1}[how]
    assert not lock.acquire(False)
    lock.release()
    with warnings.catch_warnings():
        warnings.simplefilter("error", OwnerDiedWarning)
        assert lock.acquire(False)


@each(["_exit", "terminate"], standard_library="_exit", fails="a killed process keeps its locks")
def test_an_end_without_the_interpreters_own_gives_back(subject: Subject, manager: Any, kind: str) -> None:
    lock = manager.Lock()
    shelf = manager.list([0])
    with Child(subject.context, end_by, kind, shelf, lock) as child:
        child.hear()
        if kind == "terminate":
            child.kill(signal.SIGTERM)
        acquired_after_death(lock, child.pid)


@standard_library_left_out("it has no rule for a bare fork")
def test_a_bare_fork_that_ends_by_exit_gives_back(subject: Subject, manager: Any) -> None:
    lock = manager.Lock()
    with forked(lambda _: lock.acquire()) as child:
        assert child.hear()
    acquired_after_death(lock, child.pid)


@standard_library_fails("a killed process keeps its locks", on=(*MANOR, STANDARD_FORK))
def test_a_process_killed_after_its_main_thread_returned_gives_back(subject: Subject, manager: Any) -> None:
    lock, shelf = manager.Lock(), manager.list([0])
    with Child(subject.context, return_with_a_thread_at_work, lock, shelf) as child:
        child.hear()
        acquired_after_death(lock, child.kill())


@on(*MANOR)
def test_a_process_that_ends_with_its_last_thread_leaves_it_locked(
    subject: Subject, manager: Any, probe: Probe
) -> None:
    lock = manager.Lock()
    with mortal(manager, probe) as shelf, Child(subject.context, return_with_a_thread_at_work, lock, shelf) as child:
        child.hear()
        del shelf[:]
        child.tell()
        assert child.join() == 0
    assert not lock.acquire(False)
