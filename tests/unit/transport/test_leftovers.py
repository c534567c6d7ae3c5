"""Private sockets of servers that were killed: who finds them removes them, and nothing else."""

import os
import socket
import time
from pathlib import Path

import pytest

from manor._transport import listening
from manor._transport.leftovers import remove_left, remove_left_beside
from manor._transport.listening import Listener, listen_privately


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def left() -> Path:
    """Return the path of a socket on which nobody listens any more."""
    listener = listen_privately()
    listener.discard()
    return Path(os.fsdecode(listener.address))  # type: ignore[arg-type]


def old(path: Path) -> Path:
    """Return *path*, in a folder that is an hour old."""
    then = time.time() - 3600
    os.utime(path.parent, (then, then))
    return path


def path_of(listener: Listener) -> str:
    return os.fsdecode(listener.address)  # type: ignore[arg-type]


def test_what_a_killed_server_has_left_is_removed() -> None:
    path = left()
    remove_left(str(path))
    assert not path.parent.exists()


def test_a_socket_on_which_somebody_listens_stays() -> None:
    listener = listen_privately()
    remove_left(path_of(listener))
    assert Path(path_of(listener)).is_socket()
    listener.close()


def test_a_stale_socket_in_a_folder_of_the_users_stays(tmp_path: Path) -> None:
    path = tmp_path / "manor-app" / "socket"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    remove_left(str(path))
    listening.remove_private(str(path))
    assert path.exists()


def test_a_server_removes_what_others_have_left_beside_it() -> None:
    listener = listen_privately()
    gone, never_listened = old(left()), old(left())
    never_listened.unlink()
    old(never_listened)
    remove_left_beside(path_of(listener))
    assert not gone.parent.exists()
    assert not never_listened.parent.exists()
    assert Path(path_of(listener)).is_socket()
    listener.close()


def test_a_server_leaves_alone_what_is_young_or_alive_or_no_server_of_manors(tmp_path: Path) -> None:
    mine, other = listen_privately(), listen_privately()
    old(Path(path_of(other)))
    young = left()
    document = tmp_path / "manor-12345678" / "socket"
    document.parent.mkdir()
    document.write_text("mine")
    old(document)
    link = tmp_path / "manor-abcdefgh"
    link.symlink_to(old(left()).parent)
    remove_left_beside(path_of(mine))
    assert young.exists()
    assert document.read_text() == "mine"
    assert link.is_symlink()
    assert Path(path_of(other)).is_socket()
    for listener in (mine, other):
        listener.close()


def test_a_server_that_was_given_its_path_looks_at_nothing_beside_it(tmp_path: Path) -> None:
    path = old(left())
    remove_left_beside(str(tmp_path / "socket"))
    assert path.exists()
