"""How long a server lives: as its owner's process does, whatever else goes on, and it ends in order when told to."""

import gc
import os
import signal
import threading

import pytest

from tests.conformance.children import Child, Ending
from tests.conformance.owners import GONE_S, OWNED, answers, killed, own_alone, owner
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    LIMIT_S,
    STANDARD,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
)

LIVES_ON = "the server looks for its owner's end never, and outlives it"


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

    def start() -> None:
        manager.start()
        answers(manager)  # a server that looks for its end has seen the thread alive

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    try:
        with Ending(subject.server_pid(manager)) as server:
            assert not server.within(0.3)  # nothing to wait for: it is not to happen
            probe: Probe = manager.Probe()
            assert probe.pid() == server.pid
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
            assert not ending.within(0.3)  # nothing to wait for: it is not to happen
            child.tell()
            assert child.hear() == "still there"
            child.tell()
            assert child.join() == 0


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
