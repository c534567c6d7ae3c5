"""Processes that a hosted object starts: they use the server's objects, and not copies that they have inherited."""

import gc
import os
import socket
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.children import Child, forked
from tests.conformance.subjects import (
    CONTAINERS,
    LIMIT_S,
    STANDARD_FORK,
    Keeper,
    Subject,
    on,
    register,
    run_in_child,
    standard_library_fails,
)

STAYS = pytest.mark.leaves_processes  # the server's resource tracker and fork server, which end with it
METHODS = ("fork", pytest.param("spawn", marks=STAYS), pytest.param("forkserver", marks=STAYS))
FORK_SERVER_OF: dict[str, int] = {}
HERE: dict[str, Any] = {}
"""What the server has as a global, and forked children find."""


class Tally:
    """Counts, under a lock of its own that somebody may keep for a while."""

    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()
        self.is_kept = threading.Event()
        self.let_go = threading.Event()

    def add(self) -> int:
        with self.lock:
            self.count += 1
            return self.count

    def keep_lock(self) -> None:
        with self.lock:
            self.is_kept.set()
            assert self.let_go.wait(LIMIT_S)

    def await_kept(self) -> bool:
        return self.is_kept.wait(LIMIT_S)

    def give_up_lock(self) -> None:
        self.let_go.set()


class Parent(Keeper):
    """Starts processes."""

    def __init__(self) -> None:
        super().__init__()
        known: Any = forkserver._forkserver
        if FORK_SERVER_OF.get("pid") != os.getpid():  # else CPython takes the test's for a child of ours
            known.__init__()
            FORK_SERVER_OF["pid"] = os.getpid()

    def run(self, method: str, function: Callable[..., Any], *args: Any) -> Any:
        return run_in_child(get_context(method), function, *args)

    def run_with_kept(self, method: str, function: Callable[..., Any]) -> Any:
        return self.run(method, function, *self.kept)

    def run_with_global(self, function: Callable[[], Any], thing: Any) -> Any:
        HERE["thing"] = thing
        try:
            return self.run("fork", function)
        finally:
            HERE.clear()

    def run_executor(self, method: str, function: Callable[..., Any], *args: Any) -> Any:
        with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
            return [job.result(LIMIT_S) for job in [pool.submit(function, *args) for _ in range(4)]]

    def run_bare(self, thing: Any) -> Any:
        with forked(lambda _: thing.add()) as child:
            return child.hear()

    def begin(self, function: Callable[..., Any], *args: Any) -> None:
        self.child = Child(get_context("fork"), function, *args)
        self.child.hear()

    def end(self) -> tuple[Any, int]:
        self.child.tell()
        with self.child as child:
            return child.hear(), child.join()


register("Tally", Tally)
register("Parent", Parent)


def add(tally: Any) -> Any:
    return tally.add()


def add_to_global() -> Any:
    return HERE["thing"].add()


def change(items: Any, mapping: Any) -> tuple[list[Any], list[Any]]:
    items.append("child's")
    mapping["child"] = items
    return items[:], mapping.keys()


def add_when_told(pipe: Connection, tally: Any) -> None:
    pipe.send("forked")
    pipe.recv()
    pipe.send(tally.add())


def wait_and_list_listeners(pipe: Connection) -> None:
    pipe.send("forked")
    pipe.recv()
    pipe.send([name for name in (int(each.name) for each in Path("/proc/self/fd").iterdir()) if listens(name)])


def listens(descriptor: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as found:
            return bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False


EVERYWHERE = on(*CONTAINERS, STANDARD_FORK)


@EVERYWHERE
@pytest.mark.parametrize("method", METHODS)
def test_a_proxy_given_to_a_child_leads_to_the_servers_object(subject: Subject, manager: Any, method: str) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    assert parent.run(method, add, tally) == 1
    assert tally.add() == 2


@EVERYWHERE
@pytest.mark.parametrize("method", METHODS)
def test_so_does_one_that_the_hosted_object_has_kept(subject: Subject, manager: Any, method: str) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    parent.keep(tally)
    assert parent.run_with_kept(method, add) == 1
    assert tally.add() == 2


@EVERYWHERE
def test_so_do_a_global_and_one_in_a_child_by_a_bare_fork(subject: Subject, manager: Any) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    assert parent.run_with_global(add_to_global, tally) == 1
    assert parent.run_bare(tally) == 2
    assert tally.add() == 3


@EVERYWHERE
@pytest.mark.parametrize("method", METHODS)
def test_so_does_one_given_to_workers_of_an_executor(subject: Subject, manager: Any, method: str) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    assert sorted(parent.run_executor(method, add, tally)) == [1, 2, 3, 4]
    assert tally.add() == 5


@on(*CONTAINERS)
@pytest.mark.parametrize("method", METHODS)
def test_so_do_those_of_created_and_of_named_objects(subject: Subject, manager: Any, method: str) -> None:
    parent, tally = manager.Parent(), manager.create(Tally)
    name = f"tally of {method}"
    named = manager.options(name=name).create(Tally)
    assert parent.run(method, add, tally) == parent.run(method, add, named) == 1
    assert tally.add() == manager.get(name).add() == 2
    assert tally.count == 2


@EVERYWHERE
@pytest.mark.parametrize("method", METHODS)
def test_a_child_changes_the_servers_containers(subject: Subject, manager: Any, method: str) -> None:
    parent, items, mapping = manager.Parent(), manager.list([1]), manager.dict(a=1)
    assert parent.run(method, change, items, mapping) == ([1, "child's"], ["a", "child"])
    items.append(2)
    assert items[:] == mapping["child"][:] == [1, "child's", 2]


@EVERYWHERE
def test_a_lock_that_was_held_when_the_child_was_forked_is_waited_for(subject: Subject, manager: Any) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    with ThreadPoolExecutor(1) as pool:
        keeping = pool.submit(tally.keep_lock)
        assert tally.await_kept()
        parent.begin(add_when_told, tally)
        tally.give_up_lock()
        assert keeping.result(LIMIT_S) is None
        assert parent.end() == (1, 0)
    assert tally.add() == 2


@EVERYWHERE
def test_a_child_keeps_what_the_server_has_dropped(subject: Subject, manager: Any) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    parent.begin(add_when_told, tally)
    del tally
    gc.collect()
    manager.Tally().add()  # what was dropped is gone by then
    assert parent.end() == (1, 0)


@standard_library_fails("a child has the server's sockets", on=(*CONTAINERS, STANDARD_FORK))
def test_a_child_listens_to_nobody_and_its_end_is_not_the_servers(subject: Subject, manager: Any) -> None:
    parent, tally = manager.Parent(), manager.Tally()
    path = Path(parent._token.route.path if hasattr(parent._token, "route") else parent._token.address)
    parent.begin(wait_and_list_listeners)
    assert parent.end() == ([], 0)
    assert path.is_socket()
    assert tally.add() == 1
