"""Servers that take as long to start as a test likes."""

import contextlib
import os
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from manor._server.server import Server
from tests.conformance.owners import named
from tests.conformance.probe import Probe
from tests.conformance.subjects import KEY, ManorManager, Subject

__all__ = ["Gate", "LateManager", "late", "own_late"]

GATE = "MANOR_TEST_GATE"


class LateServer(Server):
    """Waits until the gate is open."""

    def __init__(self, *args: Any, **kwds: Any) -> None:
        os.close(os.open(os.environ[GATE], os.O_RDONLY))  # waits for somebody who writes to the FIFO
        super().__init__(*args, **kwds)


class LateManager(ManorManager):
    """Its server starts when it is told to."""

    _Server = LateServer


LateManager.register("Probe", Probe)


class Gate:
    """Holds servers up until it is opened."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path
        self._end = -1

    def open(self) -> None:
        """Let every server start, now and later; may be called again."""
        if self._end < 0:
            self._end = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        """Give back the descriptor."""
        if self._end >= 0:
            os.close(self._end)


@contextlib.contextmanager
def late(subject: Subject, path: Path) -> Iterator[tuple[LateManager, Gate]]:
    """A manager that has been started, and whose server is held up."""
    gate = Gate(path)
    os.environ[GATE] = str(path)
    manager = LateManager(None, KEY, ctx=subject.context)
    try:
        manager.start()
        yield manager, gate
    finally:
        gate.open()
        del os.environ[GATE]
        if hasattr(manager, "shutdown"):
            manager.shutdown()
        gate.close()


def own_late(test: Connection, name: str, path: str) -> None:
    """Start a server that is held up by the test; tell its process id; wait to be killed."""
    os.environ[GATE] = path
    manager = LateManager(None, KEY, ctx=named(name).context)
    manager.start()
    test.send(manager._process.pid)
    test.recv()
