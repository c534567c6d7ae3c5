"""Listening and connecting: stale sockets, private folders, and queues that are full."""

import contextlib
import itertools
import os
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from manor._transport.connecting import connect
from manor._transport.listening import Listener, listen, listen_privately
from manor.errors import AddressInUse
from manor.limits import DEFAULT

KEY = bytes(32)
SHORT_S = 0.1
LIMIT_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "socket")


def closing(listener: Listener) -> contextlib.AbstractContextManager[Listener]:
    return contextlib.closing(listener)


def test_a_listener_removes_its_path_and_only_once(path: str) -> None:
    listener = listen(path)
    assert listener.is_local
    assert Path(path).is_socket()
    listener.close()
    assert not Path(path).exists()
    Path(path).touch()
    listener.close()
    assert Path(path).exists()


def test_a_stale_socket_is_replaced(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
        dead.listen()
    assert Path(path).is_socket()
    with closing(listen(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def test_a_stale_socket_with_a_long_path_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / ("f" * 120)
    folder.mkdir()
    path = str(folder / "socket")
    listen(path).socket.close()  # as a process that was killed
    with closing(listen(path)):
        assert Path(path).is_socket()


def test_a_socket_on_which_somebody_listens_is_in_use(path: str) -> None:
    with closing(listen(path)), pytest.raises(AddressInUse, match=f"somebody else listens on {path}") as caught:
        listen(path)
    assert isinstance(caught.value, OSError)


def test_a_file_that_is_no_socket_is_never_removed(path: str) -> None:
    Path(path).write_text("precious")
    with pytest.raises(AddressInUse):
        listen(path)
    assert Path(path).read_text() == "precious"


def test_a_port_on_which_somebody_listens_is_in_use() -> None:
    with closing(listen(("127.0.0.1", 0))) as listener:
        host, port = cast("tuple[str, int]", listener.address)
        assert not listener.is_local
        with pytest.raises(AddressInUse, match=f"{host}:{port}"):
            listen((host, port))


def test_a_private_folder_belongs_to_its_user_alone_and_goes_with_the_listener() -> None:
    listener = listen_privately()
    folder = Path(os.fsdecode(listener.address)).parent  # type: ignore[arg-type]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listener.close()
    assert not folder.exists()


def test_a_forked_child_leaves_its_parents_path_alone(path: str) -> None:
    with closing(listen(path)) as listener:
        pid = os.fork()
        if pid == 0:
            listener.close()
            os._exit(0)
        os.waitpid(pid, 0)
        assert Path(path).is_socket()


@pytest.mark.parametrize("timeout", [0, -1])
@pytest.mark.parametrize("address", ["path", ("127.0.0.1", 1)])
def test_no_time_is_too_little_to_connect(path: str, address: Any, timeout: float) -> None:
    with pytest.raises(TimeoutError):
        connect(path if address == "path" else address, KEY, b"", DEFAULT, timeout)


def test_a_full_queue_is_waited_for_as_long_as_there_is_time(path: str) -> None:
    with contextlib.ExitStack() as stack:
        fill(stack, path)
        start = time.monotonic()
        with pytest.raises(TimeoutError, match="queue"):
            connect(path, None, b"", DEFAULT, SHORT_S)
        assert SHORT_S * 0.9 < time.monotonic() - start < SHORT_S + 1.0


def test_room_in_a_full_queue_is_taken(path: str) -> None:
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        listener, waiting = fill(stack, path)
        connecting = pool.submit(connect, path, None, b"", DEFAULT, LIMIT_S)
        listener.settimeout(LIMIT_S)
        accepted = [stack.enter_context(listener.accept()[0]) for _ in range(waiting + 1)]
        accepted[-1].settimeout(LIMIT_S)
        assert accepted[-1].recv(5) == b"manor"
        accepted[-1].close()
        assert isinstance(connecting.exception(LIMIT_S), EOFError | ConnectionResetError)


def fill(stack: contextlib.ExitStack, path: str) -> tuple[socket.socket, int]:
    """Listen, with a queue that is full; return the listener and how many wait in its queue."""
    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind(path)
    listener.listen(0)
    for waiting in itertools.count():
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.setblocking(False)
        try:
            client.connect(path)
        except BlockingIOError:
            return listener, waiting
    raise AssertionError
