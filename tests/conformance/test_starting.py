"""Starting a server: where it must work, and one exception that says why where it cannot."""

import contextlib
import gc
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import pytest

import manor
from tests.conformance.children import Child, Ending
from tests.conformance.subjects import (
    LIMIT_S,
    MANOR_FORK,
    MANOR_SPAWN,
    STANDARD_FORK,
    SUBJECTS,
    Subject,
    on,
    standard_library_fails,
)

OWNED = (MANOR_FORK, MANOR_SPAWN)
GONE_S = 1.0
EMPTY = "whatever happened, it raises EOFError"


def named(name: str) -> Subject:
    """Return a subject, which itself cannot be pickled."""
    return next(subject for subject in SUBJECTS if subject.name == name)


def new_manager(subject: Subject, *args: Any, **options: Any) -> Any:
    return subject.manager_class(*args, ctx=subject.context, **options)


# What cannot start


@contextlib.contextmanager
def leaving_nothing(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No process, zombie or descriptor is left, and nothing has been printed."""
    resource_tracker.ensure_running()  # it lives as long as we do
    with manor.Manager():  # whatever else is opened once for all
        pass
    before, open_before = children(), descriptors()
    capfd.readouterr()
    yield
    assert multiprocessing.active_children() == []
    assert children() == before
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


BAD_ADDRESSES: tuple[Any, ...] = (
    "/proc/self/socket",  # nobody may write there, not even root
    "/nowhere/at/all/socket",
    ("no.such.host.invalid", 0),
    ("127.0.0.1", 99999),
    ("127.0.0.1", "http"),
)


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


# Where it must start


def start_and_use(name: str, folder: str) -> list[Any]:
    """Use a manager in a process whose temporary folder has a long name; return what is left there."""
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


_kept: list[Any] = []


def start_one(name: str) -> int:
    """Start a manager that lives as long as this process; return its server's process id."""
    manager = new_manager(named(name))
    manager.start()
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
