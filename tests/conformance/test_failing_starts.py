"""A server that cannot start says why, in the parent, in one exception, and leaves nothing behind."""

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, NoReturn

import pytest

import manor
from tests.conformance.owners import OWNED, new_manager
from tests.conformance.probe import Probe
from tests.conformance.subjects import (
    MANOR_SPAWN,
    STANDARD_FORK,
    Subject,
    on,
    standard_library_fails,
    until,
)

EMPTY = "whatever happened, it raises EOFError"


@contextlib.contextmanager
def leaving_nothing(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No process, zombie or descriptor is left, and nothing has been printed."""
    resource_tracker.ensure_running()  # it lives as long as we do
    with manor.Manager():  # whatever else is opened once for all
        pass
    before, open_before = children(), descriptors()
    capfd.readouterr()
    yield
    assert children() == before
    assert multiprocessing.active_children() == []
    assert descriptors() == open_before
    assert capfd.readouterr() == ("", "")


def children() -> set[str]:
    """The child processes of this one, zombies included."""
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


class OddError(Exception):
    def __init__(self, weights: str, *, needed: int) -> None:
        super().__init__(f"{weights} has not the {needed} bytes needed")


def fail() -> NoReturn:
    raise ValueError("the weights are not there")


def fail_for_a_reason() -> NoReturn:
    try:
        fail()
    except ValueError as error:
        raise RuntimeError("no model") from error


def fail_oddly() -> NoReturn:
    raise OddError("weights.bin", needed=4711)


def fail_locally() -> NoReturn:
    class LocalError(Exception):
        pass

    raise LocalError("known here only")


def leave() -> NoReturn:
    raise SystemExit("leaves")


def interrupt_itself() -> NoReturn:
    raise KeyboardInterrupt("itself")


def vanish() -> None:
    os._exit(7)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


FAILURES: dict[Callable[[], object], tuple[str, str]] = {
    fail: ("ValueError", "the weights are not there"),
    fail_for_a_reason: ("RuntimeError", "no model"),
    fail_oddly: ("OddError", "weights.bin has not the 4711 bytes needed"),
    fail_locally: ("", "known here only"),
    leave: ("SystemExit", "leaves"),
    interrupt_itself: ("KeyboardInterrupt", "itself"),
}
BAD_ADDRESSES: tuple[Any, ...] = (
    "/proc/self/socket",  # nobody may write there, not even root
    "/nowhere/at/all/socket",
    ("no.such.host.invalid", 0),
    ("127.0.0.1", 99999),
    ("127.0.0.1", "http"),
)


@pytest.mark.parametrize("initializer", FAILURES, ids=lambda initializer: initializer.__name__)
@standard_library_fails(EMPTY, on=(*OWNED, STANDARD_FORK))
def test_a_failing_initializer_is_one_exception_with_its_cause(
    subject: Subject, initializer: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    name, text = FAILURES[initializer]
    with leaving_nothing(capfd):
        with pytest.raises(manor.ManagerStartError, match=text) as caught:
            new_manager(subject).start(initializer)
        assert caught.value.__cause__ is not None
        assert type(caught.value.__cause__).__name__ == (name or type(caught.value.__cause__).__name__)
        del caught


@on(*OWNED)
def test_the_cause_of_the_cause_is_there_too(subject: Subject) -> None:
    with pytest.raises(manor.ManagerStartError) as caught:
        new_manager(subject).start(fail_for_a_reason)
    cause = caught.value.__cause__
    assert isinstance(cause, RuntimeError)
    assert isinstance(cause.__cause__, ValueError)


@pytest.mark.parametrize(("initializer", "text"), [(vanish, "exit code 7"), (kill_itself, "-9|SIGKILL")])
@standard_library_fails(EMPTY, on=(*OWNED, STANDARD_FORK))
def test_a_server_that_dies_before_it_listens_is_one_exception(
    subject: Subject, initializer: Callable[[], None], text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with leaving_nothing(capfd), pytest.raises(manor.ManagerStartError, match=text):
        new_manager(subject).start(initializer)


def is_busy(manager: Any) -> bool:
    probe: Probe = manager.Probe()
    return probe.waiting() > 0


def have_little_room() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))


@on(MANOR_SPAWN)
def test_a_server_that_cannot_map_the_shared_memory_says_so(
    subject: Subject, capfd: pytest.CaptureFixture[str]
) -> None:
    with leaving_nothing(capfd):
        manager = new_manager(subject, arena_bytes_max=2**34)
        manager.start(have_little_room)
        with pytest.raises(manor.ManagerDied, match=r"could not open its shared memory: OSError.*mmap"):
            until(lambda: is_busy(manager))
        manager.shutdown()


@standard_library_fails(EMPTY, on=(*OWNED, STANDARD_FORK))
def test_an_address_in_use_says_so(subject: Subject, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as local,
        leaving_nothing(capfd),
    ):
        path = str(tmp_path / "taken")
        local.bind(path)
        local.listen()
        for address in (tcp.getsockname(), path):
            where = path if address == path else str(address[1])
            with pytest.raises(manor.AddressInUse, match=where):
                new_manager(subject, address).start()
    assert Path(path).exists()


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=str)
@standard_library_fails(EMPTY, on=(*OWNED, STANDARD_FORK))
def test_an_address_that_cannot_be_is_one_exception(
    subject: Subject, address: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with leaving_nothing(capfd):
        manager = new_manager(subject, address, authkey=b"long enough for any network")
        with pytest.raises(manor.ManagerStartError) as caught:
            manager.start()
        assert caught.value.__cause__ is not None
        assert str(address[0] if isinstance(address, tuple) else address) in str(caught.value)
        del caught, manager


@pytest.mark.parametrize("address", [4711, ("127.0.0.1",)], ids=str)
@on(*OWNED)
def test_what_is_no_address_is_refused(subject: Subject, address: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with leaving_nothing(capfd), pytest.raises((ValueError, TypeError), match="address"):
        new_manager(subject, address).start()
