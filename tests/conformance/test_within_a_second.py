"""What is promised within a second happens within one, in the best of a few rounds: the machine may be busy."""

import os
import signal
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import pytest

from manor import OwnerDiedWarning
from tests.conformance.children import Child
from tests.conformance.deaths import OWNED as LOCKS
from tests.conformance.deaths import REGISTERED, RELEASED_S, mortal
from tests.conformance.owners import GONE_S, OWNED, owner
from tests.conformance.probe import Probe
from tests.conformance.subjects import STANDARD_FORK, Subject, standard_library_fails, until

PROMISED_S = 1.0
ROUNDS = 5


def quickest(round_s: Callable[[], float]) -> float:
    """How many seconds the quickest round took, of as few as show that the promise is kept."""
    took = [round_s()]
    while min(took) >= PROMISED_S and len(took) < ROUNDS:
        took.append(round_s())
    print(took)
    return min(took)


@pytest.mark.parametrize("use", ["", "siblings"])
@standard_library_fails("the server looks for its owner's end never, and outlives it", on=(*OWNED, STANDARD_FORK))
def test_a_server_is_gone_within_a_second_of_its_owners_sigkill(subject: Subject, use: str) -> None:
    def gone_s() -> float:
        with owner(subject, use) as (child, server, _):
            start = time.monotonic()
            os.kill(child.pid, signal.SIGKILL)
            assert server.within(GONE_S)
            return time.monotonic() - start

    assert quickest(gone_s) < PROMISED_S


def hold(test: Connection, locks: list[Any], shelf: Any) -> Any:
    held = shelf[0]
    for lock in locks:
        lock.acquire()
    test.send("holds")
    test.recv()
    return held


@standard_library_fails("a killed process keeps its locks")
def test_whatever_a_killed_process_held_is_free_within_a_second(subject: Subject, manager: Any) -> None:
    probe: Probe = manager.Probe()

    def free_s() -> float:
        locks = [getattr(manager, kind)() for kind in (*LOCKS, *REGISTERED)]
        before = probe.mortals()
        with mortal(manager, probe) as shelf, Child(subject.context, hold, locks, shelf) as child:
            child.hear()
            del shelf[:]
            start = time.monotonic()
            child.kill()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OwnerDiedWarning)
                assert all(lock.acquire(True, RELEASED_S) for lock in locks)
            until(lambda: probe.mortals() == before, RELEASED_S)
            return time.monotonic() - start

    assert quickest(free_s) < PROMISED_S
