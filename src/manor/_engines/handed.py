"""What a server's process gets from its owner, by inheritance or by pickling."""

import signal
from collections.abc import Collection
from multiprocessing import reduction
from typing import Any, Final

from manor._record import Record
from manor._server.endpoint import Endpoint, FirstConnections
from manor.limits import Limits

__all__ = ["HANDLED", "STARTED", "File", "Handed", "ServerConfig"]

HANDLED: Final = frozenset((signal.SIGINT, signal.SIGTERM))
"""Signals that do not end a server as they end other processes."""

STARTED: Final = b"started"
"""What a server reports once it serves."""


class File:
    """A descriptor that passes to a child process by pickling, too."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(duplicate: Any) -> File:
    return File(duplicate.detach())


class Handed(Record):
    """What the process of the server gets.

    Attributes:
        endpoint: Where it listens.
        arena: The memory file of its arena, if it has one.
        first: Its ends of the owner's connections.
    """

    __slots__ = ()

    endpoint: Endpoint
    arena: File | None
    first: FirstConnections

    @property
    def arena_fd(self) -> int:
        """The arena's descriptor; -1 for none."""
        return -1 if self.arena is None else self.arena.number


class ServerConfig(Record):
    """What a server needs besides what ``multiprocessing`` passes to ``_run_server``.

    Attributes:
        limits: Bounds of the server.
        owner_pid: The process that the server is not to outlive, or None for one that lives on.
        handed: What the owner has made for it; see ``beginnings``.
        held: Signals that are blocked until the server handles them.
        forked: Whether its process is forked from the owner's.
        debug: Whether it tells from where threads acquire and wait.
        registration: The manager's name, a ``Registration``, if it has one.
    """

    __slots__ = ()

    limits: Limits
    owner_pid: int | None = None
    handed: Handed | None = None
    held: Collection[int] = ()
    forked: bool = False
    debug: bool = False
    registration: Any = None
