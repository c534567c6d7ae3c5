"""The folder of names is its user's own: no other user can plant a name, or learn of one."""

import json
import os
import shutil
import socket
import stat
import threading
from pathlib import Path

import pytest

import manor
from manor._transport.runtime_folder import RuntimeFolder
from tests.conformance.runtime_folders import runtime_folder
from tests.conformance.subjects import LIMIT_S
from tests.conformance.test_other_users import NOBODY, as_nobody, as_root, open_folder

__all__ = ["open_folder", "runtime_folder"]


def test_the_folder_is_the_users_own(runtime_folder: Path) -> None:
    with manor.Manager(name="scores"):
        assert stat.S_IMODE(runtime_folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in runtime_folder.iterdir()} == {0}


def test_a_folder_that_others_may_enter_is_refused(runtime_folder: Path) -> None:
    runtime_folder.mkdir()
    runtime_folder.chmod(0o755)
    for use in (lambda: manor.Manager(name="scores"), lambda: manor.attach("scores"), manor.ls):
        with pytest.raises(PermissionError, match="chmod 700"):
            use()


def test_a_link_in_the_place_of_the_folder_is_refused(runtime_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    runtime_folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="manor"):
        manor.Manager(name="scores")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_the_place_of_an_entry_is_not_followed(runtime_folder: Path, tmp_path: Path) -> None:
    with manor.Manager(name="scores"):
        pass
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    for name in ("scores", ".new"):
        (runtime_folder / name).symlink_to(victim)
    assert manor.ls() == []
    with pytest.raises(OSError, match="symbolic"):
        manor.Manager(name="scores")
    assert victim.read_text() == "untouched"


@as_root
def test_the_runtime_folder_of_another_user_is_not_used(runtime_folder: Path) -> None:
    with manor.Manager(name="scores"):
        said = as_nobody(lambda: RuntimeFolder.of_user().path)
    assert said == f"returned '/tmp/manor-{NOBODY}'"
    shutil.rmtree(f"/tmp/manor-{NOBODY}", ignore_errors=True)


@as_root
def test_a_folder_that_another_user_has_made_is_refused(runtime_folder: Path) -> None:
    runtime_folder.mkdir(mode=0o700)
    os.chown(runtime_folder, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match=f"is of user {NOBODY}"):
        manor.attach("scores")


def listen_and_be_asked(path: str, ready: int) -> bytes:
    """Listen as a manager's server would; return what the second client says: the first asks whether we are there."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        Path(path).chmod(0o777)
        listener.listen()
        os.write(ready, b"x")
        listener.accept()
        client, _ = listener.accept()
        with client:
            return client.recv(100)


@as_root
def test_a_server_of_another_user_behind_a_name_is_told_nothing(runtime_folder: Path, open_folder: Path) -> None:
    path = str(open_folder / "socket")
    reader, writer = os.pipe()
    said: list[str] = []
    impostor = threading.Thread(target=lambda: said.append(as_nobody(lambda: listen_and_be_asked(path, writer))))
    impostor.start()
    os.read(reader, 1)
    runtime_folder.mkdir(mode=0o700)
    nobody = "00" * 16
    entry = {"name": "scores", "server": nobody, "machine": nobody, "pid": 0, "started": 0, "address": path}
    (runtime_folder / "scores").write_text(json.dumps({**entry, "since": 0.0, "path": path, "epoch": 1}))
    with pytest.raises(manor.AuthenticationError, match=f"user {NOBODY}"):
        manor.attach("scores")
    impostor.join(LIMIT_S)
    assert said == ["returned b''"]
    os.close(reader)
    os.close(writer)
