"""After a bare `os.fork()` nobody frees what another process holds, however the processes end."""

import contextlib
import gc
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.answering import SHARES, ends_well
from tests.conformance.children import Child, Ending, forked
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
    standard_library_left_out,
    until,
)


@pytest.fixture
def probe(manager: Any) -> Probe:
    found: Probe = manager.Probe()
    return found


@contextlib.contextmanager
def counted(probe: Probe) -> Iterator[None]:
    """Whatever was made in the block must be gone, soon after it."""
    gc.collect()
    before = probe.mortals()
    yield
    gc.collect()
    until(lambda: probe.mortals() == before, 2.0)


@standard_library_fails("the parent's drop frees what the child holds", on=(*MANOR, STANDARD_FORK))
def test_what_the_parent_drops_at_once_is_alive_in_the_child(subject: Subject, manager: Any, probe: Probe) -> None:
    with counted(probe):
        held = [manager.Mortal()]

        def use_later(test: Connection) -> bool:
            test.recv()
            return bool(held[0].is_alive())

        with forked(use_later) as child:
            held.clear()
            gc.collect()
            assert probe.pid()  # the drop has arrived by now
            child.tell()
            ends_well(child)


@pytest.mark.parametrize("use", ["never", "drop", "use"])
@on(*MANOR, STANDARD_FORK)
def test_what_a_child_does_frees_nothing_of_its_parents(subject: Subject, manager: Any, probe: Probe, use: str) -> None:
    with counted(probe):
        held = [manager.Mortal()]

        def do(_: Connection) -> bool:
            if use == "use":
                held[0].is_alive()
            if use != "never":
                held.clear()
                gc.collect()
            return True

        with forked(do) as child:
            ends_well(child)
        assert held[0].is_alive()
        held.clear()


@standard_library_left_out(SHARES)
def test_a_killed_child_frees_nothing_and_holds_nothing(subject: Subject, manager: Any, probe: Probe) -> None:
    with counted(probe):
        held = manager.Mortal()
        for _ in range(5):
            with forked(tell_and_wait) as child, Ending(child.pid) as ending:
                assert child.hear() == "lives"
                os.kill(child.pid, signal.SIGKILL)
                assert ending.within(LIMIT_S)
        assert held.is_alive()
        del held


@standard_library_left_out(SHARES)
def test_an_orderly_end_of_a_child_frees_nothing_of_its_parents(subject: Subject, manager: Any) -> None:
    held = manager.Mortal()
    for _ in range(3):
        assert subject.run_in_child(use, held)
    assert held.is_alive()


def tell_and_wait(test: Connection) -> None:
    test.send("lives")
    test.recv()


def use(held: Any) -> bool:
    return bool(held.is_alive())


@standard_library_left_out(SHARES)
def test_what_only_a_grandchild_holds_lives_until_it_ends(subject: Subject, manager: Any, probe: Probe) -> None:
    """Its parent ends at once, and its grandparent drops."""
    with counted(probe):
        held = [manager.Mortal()]
        go_on, told = os.pipe()
        answers, answer = os.pipe()

        def beget(_: Connection) -> int:
            if (pid := os.fork()) != 0:
                return pid
            os.close(told)
            os.read(go_on, 1)
            os.write(answer, b"yes" if held[0].is_alive() else b"no")
            os._exit(0)

        with forked(beget) as parent:
            grandchild = parent.hear()
            with Ending(grandchild) as ending:
                held.clear()
                os.close(go_on)
                os.close(told)
                os.close(answer)
                assert os.read(answers, 10) == b"yes"
                os.close(answers)
                assert ending.within(LIMIT_S)


@standard_library_left_out(SHARES)
def test_a_child_outlives_its_parent_who_was_killed(subject: Subject, manager: Any, probe: Probe) -> None:
    with counted(probe):
        shelf = manager.list([manager.Mortal()])
        with Child(subject.context, fork_and_wait, shelf) as parent:
            assert parent.hear() == "forked"
            del shelf[:]
            with Ending(parent.pid) as ending:
                os.kill(parent.pid, signal.SIGKILL)
                assert ending.within(LIMIT_S)
            parent.tell()
            assert parent.hear() is True  # the grandchild has the other end of the pipe, too


def fork_and_wait(test: Connection, shelf: Any) -> None:
    held = shelf[0]

    def outlive(_: Connection) -> None:
        test.send("forked")
        test.recv()
        test.send(held.is_alive())

    with forked(outlive):
        pass


@standard_library_left_out("it has no such error")
def test_a_fork_after_the_servers_end_is_no_slower_and_says_so(subject: Subject) -> None:
    with subject.manager() as manager:
        proxy = manager.Answering()
        with Ending(subject.server_pid(manager)) as server:
            os.kill(server.pid, signal.SIGKILL)
            assert server.within(LIMIT_S)
            with forked(lambda _: died(lambda: proxy.answer(1))) as child:
                ends_well(child)
            assert died(lambda: proxy.answer(1))


def died(call: Callable[[], object]) -> bool:
    try:
        call()
    except (ConnectionError, EOFError):
        return True
    return False
