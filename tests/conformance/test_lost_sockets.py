"""Connections that a server does not accept: it died, while an unknown process has its sockets; or it is stopped."""

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import manor
from manor.limits import Limits
from tests.conformance.children import Ending
from tests.conformance.freezing import frozen, in_new_thread, times_out
from tests.conformance.owners import GONE_S
from tests.conformance.subjects import LIMIT_S, MANOR_FORK, Subject, on, register


class Forker:
    """Forks as a library might: Python is not told, and closes nothing in the child."""

    def fork(self) -> int:
        pid: int = ctypes.PyDLL(None).fork()
        while pid == 0:
            signal.pause()
        return pid

    def pid(self) -> int:
        return os.getpid()


register("Forker", Forker)


@contextlib.contextmanager
def killed_in_the_end(pid: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)


@on(MANOR_FORK)
def test_a_connection_that_nobody_will_accept_is_given_up_at_the_servers_death(subject: Subject) -> None:
    with subject.manager() as manager, ThreadPoolExecutor(1) as pool:
        forker = manager.Forker()
        with killed_in_the_end(forker.fork()):
            with Ending(manager._process.pid) as server:
                os.kill(server.pid, signal.SIGKILL)
                assert server.within(GONE_S)
            with pytest.raises(manor.ManagerDied, match="killed by SIGKILL"):
                pool.submit(forker.pid).result(LIMIT_S)


@on(MANOR_FORK)
def test_a_stopped_server_holds_up_a_new_connection_for_no_longer_than_a_handshake_may_take(subject: Subject) -> None:
    with subject.manager(limits=Limits(handshake_s=0.3)) as manager:
        forker = manager.Forker()
        with frozen(forker.pid()), times_out(0.3):
            in_new_thread(forker.pid)
        assert in_new_thread(forker.pid) == manager._process.pid
