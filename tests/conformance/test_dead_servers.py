"""A server that has ended: what its clients are told, how soon, and that its address can be used again."""

import multiprocessing
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import manor
from manor._transport.endings import ProcessWatch
from tests.conformance.subjects import (
    KEY,
    LIMIT_S,
    MANOR,
    MANOR_FORK,
    MANOR_SPAWN,
    MANOR_TCP,
    STANDARD,
    ManorManager,
    Subject,
    on,
    register,
    run_in_child,
    standard_library_fails,
    standard_library_left_out,
    until,
)
from tests.conformance.witnesses import account_of, in_child, in_foreign_process, watched


class Doomed:
    """Ends the server that hosts it when it is told to."""

    def __init__(self) -> None:
        self._waiting = 0
        self._never = threading.Event()

    def pid(self) -> int:
        return os.getpid()

    def wait_for_ever(self) -> None:
        self._waiting += 1
        self._never.wait()

    def waiting(self) -> int:
        return self._waiting

    def exit(self, code: int) -> None:
        os._exit(code)


register("Doomed", Doomed)


@dataclass(frozen=True)
class Ending:
    """A way for a server to end, and how clients are to call it."""

    name: str
    bring_about: Callable[[Any, Any], None]  # of the manager and the proxy
    said: str


def kill_by(number: signal.Signals) -> Callable[[Any, Any], None]:
    def kill(_manager: Any, doomed: Any) -> None:
        os.kill(doomed.pid(), number)

    return kill


def exit_with_7(manager: Any, doomed: Any) -> None:
    with pytest.raises((ConnectionError, EOFError)):
        doomed.exit(7)


SIGKILL = Ending("killed", kill_by(signal.SIGKILL), "was killed by SIGKILL")
SIGUSR1 = Ending("killed-by-another-signal", kill_by(signal.SIGUSR1), "was killed by SIGUSR1")
SIGTERM = Ending(
    "terminated", kill_by(signal.SIGTERM), "ed by SIGTERM"
)  # in order, or killed where the program has no handler
EXIT = Ending("exited", exit_with_7, "exit code 7")
SHUTDOWN = Ending("shut-down", lambda manager, _doomed: manager.shutdown(), "was shut down by process")

endings = pytest.mark.parametrize("ending", [SIGKILL, SIGUSR1, SIGTERM, EXIT], ids=lambda ending: ending.name)


def end(ending: Ending, manager: Any, doomed: Any) -> int:
    """End the server; return its process id when it has ended."""
    pid: int = doomed.pid()
    with watched(pid) as wait:
        ending.bring_about(manager, doomed)
        wait()
    return pid


@endings
@standard_library_fails("EOFError or a ConnectionError, not both, and no word of who ended how")
def test_every_process_is_told_who_ended_and_how_and_at_once(subject: Subject, ending: Ending) -> None:
    with ExitStack() as stack:
        manager = stack.enter_context(subject.manager())
        doomed = manager.Doomed()
        witnesses = []
        if not subject.is_standard:
            witnesses.append(stack.enter_context(in_child(subject, doomed)))
            witnesses.append(stack.enter_context(in_foreign_process(doomed)))
        pid = end(ending, manager, doomed)
        account_of(doomed.pid).check("127.0.0.1:" if subject.over_tcp else "/socket", f"(pid {pid})", ending.said)
        for tell in witnesses:
            tell().check(f"(pid {pid})", ending.said)


@standard_library_fails("a server that was shut down is a FileNotFoundError", on=(MANOR_FORK, MANOR_SPAWN, *STANDARD))
def test_after_a_shutdown_everyone_is_told_who_asked_for_it(subject: Subject) -> None:
    with ExitStack() as stack:
        manager = stack.enter_context(subject.manager())
        doomed = manager.Doomed()
        tell = None if subject.is_standard else stack.enter_context(in_child(subject, doomed))
        pid = end(SHUTDOWN, manager, doomed)
        account_of(doomed.pid).check(f"(pid {pid})", f"{SHUTDOWN.said} {os.getpid()}")
        if tell is not None:
            tell().check(f"(pid {pid})", f"{SHUTDOWN.said} {os.getpid()}")


@on(*MANOR)
def test_the_owner_knows_how_a_server_ended_that_was_waited_for_already(subject: Subject) -> None:
    with subject.manager() as manager:
        doomed = manager.Doomed()
        end(EXIT, manager, doomed)
        multiprocessing.active_children()  # this takes the exit status from the system, as starting a process does
        account_of(doomed.pid).check(EXIT.said)


@on(MANOR_FORK, MANOR_SPAWN)
def test_the_owner_knows_it_also_where_the_kernel_keeps_no_exit_status(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProcessWatch, "_status_kept_by_kernel", lambda *_: None)  # before Linux 6.15
    with subject.manager() as manager:
        doomed = manager.Doomed()
        with watched(doomed.pid()) as wait:
            os.kill(doomed.pid(), signal.SIGKILL)
            wait()
        multiprocessing.active_children()
        account_of(doomed.pid).check(SIGKILL.said)


@endings
@standard_library_fails("EOFError, and no word of who ended how")
def test_calls_in_progress_in_other_threads_end(subject: Subject, ending: Ending) -> None:
    with subject.manager() as manager, ThreadPoolExecutor(3) as pool:
        doomed = manager.Doomed()
        calls = [pool.submit(doomed.wait_for_ever) for _ in range(3)]
        until(lambda: doomed.waiting() == 3)
        pid = end(ending, manager, doomed)
        for call in calls:
            error = call.exception(LIMIT_S)
            assert isinstance(error, ConnectionError), error
            assert isinstance(error, EOFError), error
            assert f"(pid {pid})" in str(error)
            assert ending.said in str(error)


@standard_library_fails("whatever connecting to the address raises")
def test_a_thread_that_never_called_is_told_as_well(subject: Subject) -> None:
    with subject.manager() as manager, ThreadPoolExecutor(1) as pool:
        doomed = manager.Doomed()
        end(SIGKILL, manager, doomed)
        pool.submit(account_of, doomed.pid).result(LIMIT_S).check(SIGKILL.said)


@standard_library_fails("whatever connecting to the address raises")
def test_creating_fails_likewise(subject: Subject) -> None:
    with subject.manager() as manager:
        end(SIGKILL, manager, manager.Doomed())
        account_of(manager.Doomed).check(SIGKILL.said)


@standard_library_fails("whatever connecting to the address raises")
def test_unpickling_fails_likewise_once_the_death_is_known(subject: Subject) -> None:
    with subject.manager() as manager:
        doomed = manager.Doomed()
        pickled = pickle.dumps(doomed)
        end(SIGKILL, manager, doomed)
        account_of(lambda: pickle.loads(pickled).pid())
        if not subject.over_tcp:  # there the first unpickling finds its own way to the server, which is shorter
            account_of(lambda: pickle.loads(pickled)).check(SIGKILL.said)


def unpickle(pickled: bytes) -> object:
    return pickle.loads(pickled)


def answer_is_dead(pickled: bytes, pid: int) -> str:
    with pytest.raises(manor.ManagerDied, match=rf"\(pid {pid}\)") as caught:
        unpickle(pickled)
    return str(caught.value)


@standard_library_left_out("it has no ManagerDied")
def test_unpickling_fails_likewise_in_a_process_that_has_not_known_the_server(subject: Subject) -> None:
    with subject.manager() as manager:
        doomed = manager.Doomed()
        pickled = pickle.dumps(doomed)
        pid = end(SIGKILL, manager, doomed)
        # Spawned: a forked child would know of the server what its parent knows.
        message = run_in_child(multiprocessing.get_context("spawn"), answer_is_dead, pickled, pid)
    assert "cannot be reached" in message


def unix_address(tmp_path: Path) -> Any:
    return str(tmp_path / "the socket")


def tcp_address(tmp_path: Path) -> Any:
    return "127.0.0.1", 0


def connected_socket(address: Any) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    sock.connect(address)
    return sock


@pytest.mark.parametrize("make_address", [unix_address, tcp_address])
@pytest.mark.parametrize("ending", [SIGKILL, SHUTDOWN], ids=lambda ending: ending.name)
@on(MANOR_FORK, MANOR_SPAWN)
def test_a_new_manager_on_the_same_address_works_at_once_while_old_proxies_stay_dead(
    subject: Subject, ending: Ending, make_address: Callable[[Path], Any], tmp_path: Path
) -> None:
    with ManorManager(make_address(tmp_path), KEY, ctx=subject.context) as first:
        doomed, address = first.Doomed(), first.address
        pickled = pickle.dumps(doomed)
        silent = connected_socket(address)
        client = ManorManager(address, KEY)
        client.connect()
        kept = client.Doomed()
        pid = end(ending, first, doomed)
        silent.close()  # of a connection that the server ended first, a TCP port keeps a memory (TIME_WAIT)
        account_of(kept.pid).check(ending.said)
        with ManorManager(address, KEY, ctx=subject.context) as second:
            assert second.address == address
            anew = second.Doomed()
            assert int(anew._id, 16) <= int(kept._id, 16), "no test of mistaken identity"
            account_of(doomed.pid).check(ending.said)
            account_of(lambda: pickle.loads(pickled)).check(f"(pid {pid})")
            with ThreadPoolExecutor(1) as pool:
                pool.submit(account_of, doomed.pid).result(LIMIT_S).check(ending.said)
            assert anew.pid() == second._process.pid


@pytest.mark.parametrize("make_address", [unix_address, tcp_address])
@on(MANOR_FORK)
def test_a_pickle_of_an_old_proxy_never_reaches_a_new_manager_on_its_address(
    subject: Subject, make_address: Callable[[Path], Any], tmp_path: Path
) -> None:
    with ManorManager(make_address(tmp_path), KEY, ctx=subject.context) as first:
        doomed, address = first.Doomed(), first.address
        pickled = pickle.dumps(doomed)
        pid = end(SIGKILL, first, doomed)
        with ManorManager(address, KEY, ctx=subject.context) as second:
            assert second.Doomed().pid() == second._process.pid
            run_in_child(multiprocessing.get_context("spawn"), find_another, pickled, pid)


def find_another(pickled: bytes, pid: int) -> None:
    multiprocessing.current_process().authkey = KEY
    answer_is_dead(pickled, pid)


@on(MANOR_TCP)
def test_a_connected_manager_can_be_connected_again_to_a_server_that_came_back(subject: Subject) -> None:
    with ManorManager(("127.0.0.1", 0), KEY, ctx=subject.context) as first:
        address = first.address
        clients = [ManorManager(address, KEY) for _ in range(2)]
        clients[0].connect()
        doomed = clients[0].Doomed()
        end(SIGKILL, first, doomed)
        with ManorManager(address, KEY, ctx=subject.context) as second:
            clients[1].connect()
            assert clients[1].Doomed().pid() == second._process.pid
            account_of(doomed.pid).check()
