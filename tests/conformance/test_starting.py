"""Where a server must start, and that it ends with the process that started it."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import pytest

import manor
from tests.conformance.children import Child, Ending
from tests.conformance.owners import GONE_S, OWNED, answers, named, new_manager
from tests.conformance.subjects import (
    LIMIT_S,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
)

_kept: list[Any] = []


def start_and_use(name: str, folder: str) -> list[Any]:
    """Use a manager in a process whose temporary folder has a long name; return what is left there."""
    multiprocessing.current_process()._config.pop("tempdir", None)  # type: ignore[attr-defined] # the parent's, inherited
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None
    subject = named(name)
    with new_manager(subject) as manager:
        items = manager.list([1, 2])
        assert subject.run_in_child(length, items) == 2
        assert subject.is_standard or str(items._token.route.path).startswith(folder)
    return [path.name for path in Path(folder).iterdir() if path.name.startswith("manor-")]


def length(items: Any) -> int:
    return len(items)


@standard_library_fails("the path of its socket is too long for the system", on=(*OWNED, STANDARD_FORK))
def test_a_temporary_folder_of_150_characters_works(subject: Subject, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * (150 - len(str(tmp_path)) - 1))
    folder.mkdir()
    assert len(str(folder)) == 150
    assert subject.run_in_child(start_and_use, subject.name, str(folder)) == []


def own_in_daemon(test: Connection, name: str) -> None:
    test.send(start_one(name))
    test.recv()


def start_one(name: str) -> int:
    """Start a manager that lives as long as this process; return its server's process id."""
    manager = new_manager(named(name))
    manager.start()
    answers(manager)
    assert manager.dict(a=1).copy() == {"a": 1}
    _kept.append(manager)
    return int(manager._process.pid)


@standard_library_fails("daemonic processes may have no children", on=(*OWNED, STANDARD_FORK))
@pytest.mark.parametrize("end", ["return", "SIGTERM", "SIGKILL"])
def test_a_daemonic_process_may_start_one_which_ends_with_it(subject: Subject, end: str) -> None:
    with Child(subject.context, own_in_daemon, subject.name, daemon=True) as child, Ending(child.hear()) as server:
        if end == "return":
            child.tell()
        else:
            child.kill(getattr(signal, end))
        assert server.within(GONE_S)


@standard_library_fails("workers of a pool are daemonic, and may have no children", on=(*OWNED, STANDARD_FORK))
@pytest.mark.parametrize("end", ["close", "terminate"])
def test_a_worker_of_a_pool_may_start_one_which_ends_with_it(subject: Subject, end: str) -> None:
    with subject.context.Pool(2) as pool, Ending(pool.apply(start_one, (subject.name,))) as server:
        assert not server.within(0)
        getattr(pool, end)()
        pool.join()
        assert server.within(GONE_S)


@on(*OWNED, STANDARD_FORK)
def test_a_worker_of_an_executor_may_start_one_which_ends_with_it(subject: Subject) -> None:
    with contextlib.ExitStack() as stack:
        with ProcessPoolExecutor(2, mp_context=subject.context) as executor:
            pid = executor.submit(start_one, subject.name).result(LIMIT_S)
            server = stack.enter_context(Ending(pid))
            assert not server.within(0)
        assert server.within(GONE_S)


@on(*OWNED)
def test_a_child_of_a_daemonic_process_is_still_refused(subject: Subject) -> None:
    with Child(subject.context, have_children, subject.name, daemon=True) as child:
        assert "daemonic processes are not allowed to have children" in child.hear()


def have_children(test: Connection, name: str) -> None:
    start_one(name)
    try:
        named(name).context.Process(target=time.sleep).start()
    except AssertionError as error:
        test.send(str(error))


@on(*OWNED)
def test_a_manager_may_be_started_again_after_it_failed(subject: Subject, tmp_path: Path) -> None:
    manager = new_manager(subject, str(tmp_path / "later" / "socket"))
    for _ in range(2):
        with pytest.raises(manor.ManagerStartError):
            manager.start()
    (tmp_path / "later").mkdir()
    with manager:
        assert manager.list([1])[0] == 1


@on(*OWNED)
def test_a_start_that_is_interrupted_leaves_no_server(subject: Subject) -> None:
    subject.run_in_child(interrupt_start, subject.name)


def interrupt_start(name: str) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> NoReturn:
        raise Interrupted

    signal.signal(signal.SIGUSR1, interrupt)
    manager = new_manager(named(name))
    with pytest.raises(Interrupted):
        manager.start(interrupt_owner_and_hang, (os.getpid(),))
    with Ending(manager._process.pid) if manager._process.is_alive() else contextlib.nullcontext() as server:
        assert server is None or server.within(GONE_S)


def interrupt_owner_and_hang(owner: int) -> None:
    os.kill(owner, signal.SIGUSR1)
    threading.Event().wait()
