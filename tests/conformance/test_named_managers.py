"""Managers with names: any process of the user finds them, before or after they start."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

import manor
from manor._proxy.resident.containers import ResidentContainer
from manor._wire.calls import SERVER
from tests.conformance.children import Child, Ending
from tests.conformance.programs import ROOT, output_of
from tests.conformance.runtime_folders import own_named, runtime_folder
from tests.conformance.subjects import LIMIT_S, ManorManager

__all__ = ["runtime_folder"]
pytestmark = pytest.mark.usefixtures("runtime_folder")
FORK = multiprocessing.get_context("fork")
METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize("options", [{}, {"resident": False}, {"address": ("127.0.0.1", 0)}], ids=str)
def test_a_process_that_shares_nothing_else_finds_a_manager_by_its_name(options: dict[str, Any]) -> None:
    with manor.Manager(name="scores", **options) as manager:
        manager.dict(name="table")["ada"] = 1
        program = (
            "import manor; m = manor.attach('scores'); t = m.get('table'); t['bob'] = t['ada'] + 1; print(m.names())"
        )
        assert output_of(program) == "['table']"
        assert manager.get("table").copy() == {"ada": 1, "bob": 2}


def test_what_attach_gives_works_on_shared_memory(tmp_path: Path) -> None:
    with Child(FORK, own_named, {}, {"ada": 1}) as child:
        child.hear()
        table = manor.attach("scores").get("table")
        assert isinstance(table, manor.managers.DictProxy)
        assert isinstance(table, ResidentContainer)
        child.tell()
        child.join()


@pytest.mark.parametrize("method", METHODS)
def test_any_start_method_gives_names(method: str) -> None:
    with manor.Manager(name="scores", ctx=multiprocessing.get_context(method)) as manager:
        found: Any = manor.attach("scores").list(name="found")
        found.append(1)
        assert manager.get("found")[:] == [1]
        [info] = manor.ls()
        assert (info.name, info.pid, info.alive) == ("scores", manager._process.pid, True)
        assert info.address == manager.address
        assert abs(time.time() - info.since) < LIMIT_S
    assert manor.ls() == []


def test_classes_of_ones_own_can_have_names_and_be_attached_to() -> None:
    with ManorManager(name="own"):
        attached = manor.attach("own", manager_class=ManorManager)
        keeper = attached.Keeper()
        keeper.keep("this")
        assert keeper.first() == "this"
    manager = ManorManager(name="own")
    with pytest.raises(manor.ManagerNotFound):
        manager.connect()


def test_connect_with_a_name_and_no_address_attaches() -> None:
    with ManorManager(name="own"):
        manager = ManorManager(name="own")
        manager.connect()
        assert manager.list([1])[:] == [1]


def serve_named(test: Connection) -> None:
    server = ManorManager(name="served").get_server()
    test.send(os.getpid())
    server.serve_forever()


def test_a_server_that_its_process_runs_itself_has_the_name_until_it_ends() -> None:
    with Child(FORK, serve_named) as child:
        pid = child.hear()
        assert [info.pid for info in manor.ls()] == [pid]
        attached = manor.attach("served", manager_class=ManorManager)
        assert attached.dict(a=1)["a"] == 1
        attached._started_link().call(SERVER, "shutdown")
        child.join()
    assert manor.ls() == []


def test_a_name_that_a_living_manager_has_is_refused_and_says_who() -> None:
    with manor.Manager(name="scores") as manager:
        with pytest.raises(manor.NameInUse, match=rf"'scores' runs already \(pid {manager._process.pid}\)"):
            manor.Manager(name="scores")
        with pytest.raises(manor.NameInUse):
            ManorManager(name="scores").get_server()
        assert manor.attach("scores").list(name="a")[:] == [], "the first has kept it"


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "x" * 65, "é", "a b", "a\n", "scores\0"])
def test_an_impossible_name_is_refused_with_the_rule(name: str) -> None:
    for use in (manor.Manager, manor.attach):
        with pytest.raises(ValueError, match="1 to 64 of the characters a-z, A-Z, 0-9"):
            use(name=name)


@pytest.mark.parametrize("name", [1, b"scores"])
def test_a_name_that_is_no_str_is_refused(name: Any) -> None:
    for use in (manor.Manager, manor.attach):
        with pytest.raises(TypeError, match="name"):
            use(name=name)


@pytest.mark.parametrize("name", ["a", "Scores-2.of_all", "9", "x" * 64])
def test_possible_names_work(name: str) -> None:
    with manor.Manager(name=name):
        assert [info.name for info in manor.ls()] == [name]
        manor.attach(name)


def test_a_manager_that_does_not_run_is_not_found_and_others_are_named() -> None:
    with manor.Manager(name="scores"), pytest.raises(manor.ManagerNotFound, match=r"no manager named 'score'.*scores"):
        manor.attach("score")
    with pytest.raises(FileNotFoundError, match="there are no others"):
        manor.attach("scores")


def test_attach_waits_for_a_manager_that_starts_later() -> None:
    found: list[Any] = []
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        found.append(manor.attach("scores", timeout=LIMIT_S).dict(name="table"))

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    with manor.Manager(name="other"), manor.Manager(name="scores") as manager:
        thread.join(LIMIT_S)
        found[0]["a"] = 1
        assert manager.get("table")["a"] == 1


def test_processes_that_wait_are_all_told(runtime_folder: Path) -> None:
    program = "import manor; print('waits', flush=True); manor.attach('scores', timeout=60).list(name='l').append(1)"
    waiting = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    try:
        for process in waiting:
            assert process.stdout is not None
            process.stdout.readline()
        with manor.Manager(name="scores") as manager:
            assert [process.wait(LIMIT_S) for process in waiting] == [0, 0, 0]
            assert manager.get("l")[:] == [1, 1, 1]
    finally:
        for process in waiting:
            process.kill()
            process.communicate()


def test_attach_gives_up_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(manor.ManagerNotFound, match=r"within 0\.2 s"):
        manor.attach("scores", timeout=0.2)
    with pytest.raises(manor.ManagerNotFound), manor.deadline(0.2):
        manor.attach("scores", timeout=None)
    assert 0.4 <= time.monotonic() - started < LIMIT_S


def test_a_wait_for_a_manager_is_ended_by_a_signal_handlers_exception() -> None:
    def interrupt(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise InterruptedError("now")

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        with pytest.raises(InterruptedError, match="now"):
            manor.attach("scores", timeout=LIMIT_S)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_the_name_of_a_killed_manager_is_free() -> None:
    with Child(FORK, own_named, {}, {}) as child, Ending(child.hear()) as server:
        os.kill(server.pid, signal.SIGKILL)
        assert server.within(LIMIT_S)
        [info] = manor.ls()
        assert not info.alive
        with pytest.raises(manor.ManagerNotFound):
            manor.attach("scores")
        with manor.Manager(name="scores") as manager:
            child.tell()
            child.join()  # and does not take the name from its successor
            assert [info.pid for info in manor.ls()] == [manager._process.pid]
            manor.attach("scores")


def test_the_name_is_free_when_the_owner_was_killed() -> None:
    with Child(FORK, own_named, {}, {}) as child, Ending(child.hear()) as server:
        os.kill(child.pid, signal.SIGKILL)
        assert server.within(LIMIT_S)
        with manor.Manager(name="scores"):
            pass


def test_a_manager_that_fails_to_start_leaves_no_name(tmp_path: Path) -> None:
    with pytest.raises(manor.ManagerStartError):
        manor.Manager(name="scores", address=str(tmp_path / "missing" / "socket"))
    manager = ManorManager(name="scores")
    with pytest.raises(manor.ManagerStartError, match="division"):
        manager.start(divide_by_zero)
    assert manor.ls() == []


def divide_by_zero() -> None:
    raise ZeroDivisionError("division by zero")


def compete(test: Connection) -> None:
    test.send("ready")
    test.recv()
    try:
        manager = manor.Manager(name="scores")
    except manor.NameInUse:
        test.send("taken")
        return
    test.send("mine")
    test.recv()
    manager.shutdown()


def test_of_processes_that_take_over_a_dead_name_at_once_one_gets_it() -> None:
    with Child(FORK, own_named, {}, {}) as former, Ending(former.hear()) as server:
        former.kill()
        assert server.within(LIMIT_S)
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(FORK, compete)) for _ in range(4)]
        for child in children:
            assert child.hear() == "ready"
        for child in children:
            child.tell()
        said = [child.hear() for child in children]
        assert sorted(said) == ["mine", "taken", "taken", "taken"]
        children[said.index("mine")].tell()
        for child in children:
            assert child.join() == 0


def test_a_long_temporary_folder_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * (150 - len(str(tmp_path)) - 1))
    folder.mkdir()
    program = (
        "import manor, sys; m = manor.Manager(name='scores'); m.dict(name='d')['a'] = 1; "
        "print(m.address, flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().decode().startswith(str(folder))
        assert manor.attach("scores").get("d")["a"] == 1
        owner.communicate(b"")


def test_a_damaged_entry_is_a_free_name(runtime_folder: Path) -> None:
    with manor.Manager(name="scores") as manager:
        good = (runtime_folder / "scores").read_text()
        for bad in (
            "",
            "{}",
            "[]",
            "null",
            "x" * 100,
            good.replace('"pid"', '"pod"'),
            good.replace('"server": "', '"server": "zz'),
        ):
            (runtime_folder / "scores").write_text(bad)
            assert manor.ls() == []
            with pytest.raises(manor.ManagerNotFound):
                manor.attach("scores")
        (runtime_folder / "scores").write_text(good)
        assert manor.attach("scores").address == manager.address
