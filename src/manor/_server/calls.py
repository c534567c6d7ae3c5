"""Who is calling: the client call that this server thread is carrying out.

Hosted objects need three things of it: an identity for ownership, a place to say how to undo what they took,
and a cancellation that ends their waits. They find it with `current()`, so that methods keep the signatures
that users know.
"""

import itertools
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from manor._record import Record

if TYPE_CHECKING:  # `waiting` asks this module for the current call
    from manor._server.waiting import Cancellation


class Process(Protocol):
    """The server's record of a client process: hashable by identity, and weakly referenceable."""

    @property
    def pid(self) -> int:
        """The number its system gave it."""

    @property
    def name(self) -> str:
        """What `multiprocessing.current_process().name` says there."""


def _nothing() -> None:
    """Tell nobody."""


class Call:
    """One call of a client, from the moment it is dispatched until its answer has arrived.

    Args:
        process: The record of the client process.
        thread: Serial of the client's thread, unique within the process and never reused.
        cancellation: Fires when nobody wants the answer any more.

    Attributes:
        undo: Run in reverse order by the server, in the thread that served the call, if the answer never arrived.
        step_aside: To be called when the abandoned call may take as long as others have a lock, which it takes back for
            the client's thread: calls to come need not wait for its end.
    """

    __slots__ = ("cancellation", "process", "step_aside", "thread", "undo")

    def __init__(self, process: Process, thread: int, cancellation: "Cancellation") -> None:
        self.process: Process = process
        self.thread: int = thread
        self.cancellation: Cancellation = cancellation
        self.undo: list[Callable[[], None]] = []
        self.step_aside: Callable[[], None] = _nothing


class Caller(Record):
    """An owner: a thread of a client process, or of the server itself (`process` is None)."""

    __slots__ = ()

    process: Process | None
    thread: int


class _Local(threading.local):
    # Class attributes serve as defaults: reading them in a new thread costs nothing.
    call: Call | None = None
    serial: int = 0


_local = _Local()
_serials = itertools.count(1)
_dead: "weakref.WeakSet[Process]" = weakref.WeakSet()


def current() -> Call | None:
    """The call that this thread carries out; None for the server's own threads."""
    return _local.call


def set_current(call: Call | None) -> None:
    """Say which call this thread carries out from now on: the cheap form of `as_current`."""
    _local.call = call


class as_current:  # noqa: N801 - reads as a word in a with statement
    """Carry out `call` in a with block; what was current before is current again afterwards."""

    __slots__ = ("_call", "_previous")

    def __init__(self, call: Call | None) -> None:
        self._call = call
        self._previous: Call | None = None

    def __enter__(self) -> Call | None:
        self._previous = _local.call
        _local.call = self._call
        return self._call

    def __exit__(self, *exc_info: object) -> None:
        _local.call = self._previous


def caller() -> Caller:
    """Who owns what is acquired now.

    Outside any call it is the server's own thread, by a serial of ours: the system reuses thread idents.
    """
    call = _local.call
    if call is not None:
        return Caller(call.process, call.thread)
    if not _local.serial:
        _local.serial = next(_serials)
    return Caller(None, _local.serial)


def bury(process: Process) -> None:
    """Note that `process` died abnormally: nothing is granted to it from now on.

    Every `release_dead` says so before it looks at what the process holds. So whatever is granted
    concurrently is either granted before, and found and released, or refused.
    """
    _dead.add(process)


def is_dead(process: Process | None) -> bool:
    """Whether `process` died abnormally."""
    return process is not None and process in _dead
