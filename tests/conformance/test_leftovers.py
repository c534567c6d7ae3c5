"""What is left in the folder of temporary files when a server or its owner is killed: nothing."""

import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import manor
from tests.conformance.children import Child, Ending
from tests.conformance.owners import GONE_S, OWNED, killed, named, new_manager
from tests.conformance.subjects import Subject, on, register


class Doomed:
    """Is asked for something."""

    def pid(self) -> int:
        return os.getpid()


register("Doomed", Doomed)


def own_in(test: Connection, name: str, folder: str) -> None:
    """Have a server with a folder in *folder*; tell its process id, and call it when told to; wait to be killed."""
    os.environ["TMPDIR"] = folder
    subject = named(name)
    manager = new_manager(subject, resident=False)
    manager.start()
    doomed = manager.Doomed()
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
