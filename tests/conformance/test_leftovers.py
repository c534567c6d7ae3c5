"""What is left in the folder of temporary files when a server or its owner is killed: nothing."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import manor
from tests.conformance.children import Child, Ending
from tests.conformance.owners import GONE_S, OWNED, killed, named, new_manager
from tests.conformance.subjects import KEY, ManorManager, Subject, on, register


class Lost:
    """Is asked for something."""

    def pid(self) -> int:
        return os.getpid()


register("Lost", Lost)


def own_in(test: Connection, name: str, folder: str) -> None:
    """Have a server with a folder in *folder*; tell its process id, and call it when told to; wait to be killed."""
    os.environ["TMPDIR"] = folder
    subject = named(name)
    manager = new_manager(subject, resident=False)
    manager.start()
    doomed = manager.Lost()
    test.send(doomed.pid())
    test.recv()
    try:
        doomed.pid()
    except manor.ManagerDied:
        test.send("died")
    test.recv()


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("manor-")]


@pytest.fixture(autouse=True)
def _finds_the_folder_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)  # a forked owner is to look at its own TMPDIR


@on(*OWNED)
def test_a_server_whose_owner_is_killed_removes_its_folder(subject: Subject, tmp_path: Path) -> None:
    with Child(subject.context, own_in, subject.name, str(tmp_path)) as child, Ending(child.hear()) as server:
        assert len(left_in(tmp_path)) == 1
        killed(child)
        assert server.within(GONE_S)
        assert left_in(tmp_path) == []


@on(*OWNED)
def test_whoever_notices_that_a_server_was_killed_removes_its_folder(subject: Subject, tmp_path: Path) -> None:
    with Child(subject.context, own_in, subject.name, str(tmp_path)) as child, Ending(child.hear()) as server:
        os.kill(server.pid, signal.SIGKILL)
        assert server.within(GONE_S)
        child.tell()
        assert child.hear() == "died"
        assert left_in(tmp_path) == []
        killed(child)


@on(*OWNED)
def test_shutting_down_removes_the_folder_of_a_server_that_was_killed(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with subject.manager() as manager:
        assert len(left_in(tmp_path)) == 1
        with Ending(subject.server_pid(manager)) as server:
            os.kill(server.pid, signal.SIGKILL)
            assert server.within(GONE_S)
    assert left_in(tmp_path) == []


def serve_in(test: Connection, folder: str) -> None:
    """Be a server with a folder in *folder*; tell when it can be reached."""
    os.environ["TMPDIR"] = folder
    server = ManorManager(("127.0.0.1", 0), authkey=KEY).get_server()
    started = server.on_serving

    def on_serving() -> None:
        started()
        test.send(os.getpid())

    server.on_serving = on_serving
    server.serve_forever()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_program_that_serves_removes_its_folder_when_it_is_terminated(method: str, tmp_path: Path) -> None:
    with Child(multiprocessing.get_context(method), serve_in, str(tmp_path)) as child, Ending(child.hear()) as server:
        assert len(left_in(tmp_path)) == 1
        os.kill(server.pid, signal.SIGTERM)
        assert server.within(GONE_S)
        assert left_in(tmp_path) == []
        assert child.join() == 0


def serve_with_a_handler(test: Connection, folder: str) -> None:
    """As `serve_in`, in a program with a handler of its own."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
    serve_in(test, folder)


def test_a_program_that_serves_keeps_its_own_handler_of_sigterm(tmp_path: Path) -> None:
    with Child(multiprocessing.get_context("fork"), serve_with_a_handler, str(tmp_path)) as child:
        os.kill(child.hear(), signal.SIGTERM)
        assert child.join() == 7
