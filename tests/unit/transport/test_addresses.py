import os
import socket
from pathlib import Path
from typing import Any

import pytest

from manor._transport.addresses import describe, is_loopback, is_path, resolve, sockaddr


@pytest.mark.parametrize(
    ("address", "path"),
    [("/tmp/x", True), (b"/tmp/x", True), ("", True), (("localhost", 1), False), (("::1", 1, 0, 0), False)],
)
def test_a_path_is_told_from_a_port(address: Any, path: bool) -> None:
    assert is_path(address) is path


@pytest.mark.parametrize("address", [None, 5, (), ("host",), ["host", 1]])
def test_what_is_no_address_is_named(address: Any) -> None:
    with pytest.raises(ValueError, match="neither a path nor a"):
        is_path(address)


@pytest.mark.parametrize(
    ("address", "text"), [(("localhost", 80), "localhost:80"), ("/tmp/x", "/tmp/x"), (None, "None")]
)
def test_an_address_is_described_for_people(address: Any, text: str) -> None:
    assert describe(address) == text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/tmp/x", True), (("127.0.0.1", 1), True), (("127.9.9.9", 1), True), (("localhost", 1), True),
        (("::1", 1), True), (("", 1), False), (("0.0.0.0", 1), False),  # noqa: S104 the question is who reaches it
        (("192.0.2.1", 1), False), (("::", 1), False),
    ],
)  # fmt: skip
def test_only_loopback_is_out_of_reach_for_other_machines(address: Any, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_no_host_means_every_interface() -> None:
    assert resolve(("", 0), passive=True) == (socket.AF_INET, ("0.0.0.0", 0))  # noqa: S104 that is what was asked for
    assert resolve(("127.0.0.1", 5), passive=False) == (socket.AF_INET, ("127.0.0.1", 5))


@pytest.mark.parametrize("length", [100, 107, 108, 109, 150, 1000])
@pytest.mark.parametrize("kind", [str, bytes])
def test_a_path_of_any_length_can_be_used(tmp_path: Path, length: int, kind: Any) -> None:
    folder = tmp_path
    while len(str(folder)) < length - 120:
        folder /= "f" * 100
    folder /= "f" * max(1, length - len(str(folder)) - 1 - len("/socket"))
    folder.mkdir(parents=True)
    path: Any = os.fsencode(folder / "socket") if kind is bytes else str(folder / "socket")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with sockaddr(path) as name:
            assert len(os.fsencode(name)) <= 107
            listener.bind(name)
        listener.listen()
        with sockaddr(path) as name:
            client.connect(name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert Path(os.fsdecode(path)).is_socket()


def test_a_name_that_is_too_long_by_itself_is_named(tmp_path: Path) -> None:
    name = "n" * 150
    with pytest.raises(OSError, match=f"too long for the system: '{name}'"), sockaddr(str(tmp_path / name)):
        pass


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), sockaddr(str(tmp_path / ("f" * 120) / "socket")):
        pass


def test_an_abstract_name_is_left_alone() -> None:
    with sockaddr(b"\0" + b"n" * 107) as name:
        assert name == b"\0" + b"n" * 107
