"""A server to be attacked: its addresses, and what it looks like from inside."""

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import manor.managers
from manor.limits import DEFAULT, Limits
from tests.faults.strangers import LIMIT_S

KEY = b"the key that no stranger knows!!"


class Keeper:
    """Keeps what it is told, and looks at the server that hosts it."""

    crashes_seen: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self._kept: dict[object, object] = {}
        threading.excepthook = lambda args: self.crashes_seen.append(repr(args.exc_value))

    def crashes(self) -> list[str]:
        """Exceptions that ended threads of the server, so far."""
        found = self.crashes_seen.copy()
        self.crashes_seen.clear()
        return found

    def keep(self, key: object, value: object) -> None:
        self._kept[key] = value

    def kept(self, key: object) -> object:
        return self._kept.get(key)

    def echo(self, value: object) -> object:
        return value

    def make(self, size: int) -> bytes:
        return bytes(size)

    def threads(self) -> list[str]:
        return [thread.name for thread in threading.enumerate()]

    def threads_and_descriptors(self) -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


class AttackedManager(manor.managers.SyncManager):
    """Hosts a Keeper; importable by name."""


AttackedManager.register("Keeper", Keeper)


class Attacked:
    """A server that listens on TCP and on a Unix socket, and an honest client of it."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.tcp = manager.address
        self.path: str = manager.list()._token.route.path
        self.keeper = manager.Keeper()
        self.keeper.keep("before", "the attack")
        end = time.monotonic() + LIMIT_S
        while self.keeper.threads().count("manor-trim") == 0:  # the last thread of its own
            assert time.monotonic() < end, self.keeper.threads()
        self.baseline = self.settled()

    def settled(self) -> tuple[int, int]:
        """Threads and descriptors of the server, when nobody comes or goes."""
        return self.keeper.threads_and_descriptors()  # type: ignore[no-any-return]

    def check(self, number: int) -> None:
        """Assert that the honest client is served at once."""
        start = time.monotonic()
        with manor.deadline(LIMIT_S):
            assert self.keeper.echo(number) == number
        assert time.monotonic() - start < 1.0

    def check_unharmed(self) -> None:
        """Assert that honest clients, old and new, are served, and that the server has let go of the strangers."""
        with manor.deadline(LIMIT_S):
            assert self.keeper.kept("before") == "the attack"
            assert self.keeper.crashes() == []
            end = time.monotonic() + LIMIT_S
            while self.settled() > self.baseline:
                assert time.monotonic() < end, f"{self.settled()} threads and descriptors, {self.baseline} before"
        with client(self.tcp) as anew, manor.deadline(LIMIT_S):
            assert anew.Keeper().echo(1) == 1


@contextlib.contextmanager
def client(address: Any, limits: Limits = DEFAULT) -> Iterator[Any]:
    """A manager that is connected with the right key, until the context ends."""
    manager = AttackedManager(address, KEY, limits=limits)
    manager.connect()
    try:
        yield manager
    finally:
        assert manager._link is not None
        manager._link.end("was let go by the test")


@contextlib.contextmanager
def attacked(limits: Limits = DEFAULT, method: str = "fork") -> Iterator[Attacked]:
    """A server of its own for a test, which starts by *method*."""
    context = multiprocessing.get_context(method)
    with AttackedManager(("127.0.0.1", 0), KEY, ctx=context, limits=limits) as manager:
        yield Attacked(manager)
