"""Another user of this machine is refused, unless he knows the key; before anything of his is unpickled."""

import codecs
import contextlib
import os
import pickle
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import manor
from manor._transport import handshake
from manor._transport.listening import listen
from manor._wire.tokens import Route
from tests.conformance.subjects import (
    KEY,
    LIMIT_S,
    MANOR_FORK,
    MANOR_SPAWN,
    ManorManager,
    Subject,
    on,
)

OWN_KEY = b"a key that no other process has by default"
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(scope="module")
def manager(subject: Subject) -> Iterator[Any]:
    with subject.manager(authkey=OWN_KEY) as started:
        yield started


def become_nobody() -> None:
    for name in ("ascii", "idna"):  # the interpreter's files may be out of the other user's reach
        codecs.lookup(name)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def as_nobody(function: Callable[[], Any]) -> str:
    """Call a function in a forked child that has become another user; return what it prints or raises."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            become_nobody()
            answer = f"returned {function()!r}"
        except BaseException as error:
            answer = f"raised {type(error).__name__}: {error}\n{traceback.format_exc()}"
        try:
            os.write(writer, answer.encode()[:60000])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        answer = stream.read()
    os.waitpid(pid, 0)
    return answer


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that every user may enter."""
    import tempfile  # tmp_path is below folders of this user's own

    with tempfile.TemporaryDirectory(prefix="manor-test-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: str) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(self.trace),)


@as_root
@pytest.mark.parametrize("trusting", [False, True], ids=["", "even if its client would trust the server"])
@on(MANOR_FORK, MANOR_SPAWN)
def test_another_user_without_the_key_is_refused(subject: Subject, open_folder: Path, trusting: bool) -> None:
    trace, path = open_folder / "unpickled", open_folder / "socket"
    with subject.manager(authkey=OWN_KEY, address=str(path)) as manager:
        path.chmod(0o777)
        proxy = manager.list([1])
        data = pickle.dumps(proxy)

        def try_a_pickle() -> Any:
            if trusting:
                setattr(handshake, "same_user", lambda _: True)  # noqa: B010 - a name that it does not export
            proxy = fresh(data)
            proxy.append(Bomb(str(trace)))

        assert "AuthenticationError" in as_nobody(try_a_pickle)
        assert not trace.exists()
        assert proxy[:] == [1]


def fresh(data: bytes) -> Any:
    """Load a pickle as a process does that has inherited no connection."""
    import manor._proxy.links  # its state belongs to the parent that this process was forked from
    import manor._resident.attachment

    manor._proxy.links._links.clear()
    manor._resident.attachment.arenas.clear()
    return pickle.loads(data)


@as_root
@on(MANOR_FORK, MANOR_SPAWN)
def test_what_another_user_sends_is_not_unpickled(subject: Subject, open_folder: Path) -> None:
    """A client that skips every check of its own and just sends."""
    trace, path = open_folder / "unpickled", open_folder / "socket"
    with subject.manager(authkey=OWN_KEY, address=str(path)) as manager:
        path.chmod(0o777)
        manager.list([1])

        def send_anything() -> Any:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(LIMIT_S)
                sock.connect(str(path))
                with contextlib.suppress(OSError):
                    for _ in range(100):
                        sock.sendall(pickle.dumps(Bomb(str(trace))))
                with contextlib.suppress(ConnectionError):
                    while sock.recv(4096):
                        pass
                return "closed"

        assert as_nobody(send_anything) == "returned 'closed'"
        assert not trace.exists()
        assert manager.list([2])[:] == [2]


@as_root
@on(MANOR_FORK, MANOR_SPAWN)
def test_another_user_with_the_key_is_served(subject: Subject, open_folder: Path) -> None:
    path = open_folder / "socket"
    for address in (("127.0.0.1", 0), str(path)):
        with subject.manager(authkey=OWN_KEY, address=address) as manager:
            if path.exists():
                path.chmod(0o777)

            def connect_and_use(address: Any = manager.address) -> Any:
                import manor._proxy.links  # its state belongs to the parent that this process was forked from

                manor._proxy.links._links.clear()
                connected = ManorManager(address, OWN_KEY)
                connected.connect()
                outer = pickle.loads(pickle.dumps(connected.list([connected.dict(a=1), connected.list(["x"])])))
                return [list(outer[0]), outer[1][:], outer == [{"a": 1}, ["x"]]]

            assert as_nobody(connect_and_use) == "returned [['a'], ['x'], True]"
            assert "AuthenticationError" in as_nobody(
                lambda address=manager.address: ManorManager(address, KEY).connect()  # type: ignore[misc]
            )


@as_root
@on(MANOR_FORK)
def test_a_client_refuses_a_server_of_another_user(subject: Subject, manager: Any, open_folder: Path) -> None:
    """Nothing is sent to, or unpickled from, a stranger who listens on a socket of this machine."""
    path, heard = str(open_folder / "socket"), open_folder / "heard"
    genuine = manager.list([1])._token
    ready, listening = os.pipe()

    def listen_as_a_stranger() -> Any:
        listener = listen(path)
        os.chmod(path, 0o777)  # noqa: PTH101, S103 - it lets everybody in
        os.write(listening, b"x")
        listener.socket.settimeout(LIMIT_S)
        sock, _ = listener.socket.accept()
        sock.settimeout(LIMIT_S)
        with sock:
            heard.write_bytes(sock.recv(4096))
        listener.close()
        return "done"

    pid = os.fork()
    if pid == 0:
        as_nobody_now(listen_as_a_stranger)
    try:
        assert os.read(ready, 1) == b"x"
        route = Route(b"strange server!!", genuine.route.machine, path, genuine.route.pid)
        with pytest.raises(manor.AuthenticationError, match="user"):
            manor.managers.ListProxy(manor.managers.Token("list", path, genuine.id, route), "pickle")
    finally:
        os.waitpid(pid, 0)
        os.close(ready)
        os.close(listening)
    assert heard.read_bytes() == b""


def as_nobody_now(function: Callable[[], Any]) -> None:
    """In a forked child: become another user, call a function, end."""
    try:
        become_nobody()
        function()
    finally:
        os._exit(0)
