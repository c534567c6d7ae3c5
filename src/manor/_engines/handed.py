"""What a server's process gets from its owner, by inheritance or by pickling."""

from multiprocessing import reduction
from typing import Any, NamedTuple

from manor._server.endpoint import Endpoint, FirstConnections

__all__ = ["File", "Handed"]


class File:
    """A descriptor that passes to a child process by pickling, too."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(duplicate: Any) -> File:
    return File(duplicate.detach())


class Handed(NamedTuple):
    """What the process of the server gets.

    Attributes:
        endpoint: Where it listens.
        arena: The memory file of its arena, if it has one.
        first: Its ends of the owner's connections.
    """

    endpoint: Endpoint
    arena: File | None
    first: FirstConnections

    @property
    def arena_fd(self) -> int:
        """The arena's descriptor; -1 for none."""
        return -1 if self.arena is None else self.arena.number
