"""Every exception and warning of manor, in one tree.

Each class also inherits the built-in (or multiprocessing) exception that code written for
``multiprocessing.managers`` already catches, and says when it is raised, who is to blame, and whether to retry.
"""

from __future__ import annotations

import multiprocessing
import pickle
import sys
from typing import Final, Self

__all__ = [
    "AddressInUse",
    "ArenaCorrupt",
    "ArenaFull",
    "ArenaUnavailable",
    "AuthenticationError",
    "CallTimeout",
    "ManagerDied",
    "ManagerNotFound",
    "ManagerStartError",
    "ManorError",
    "ManorWarning",
    "MessageTooLarge",
    "NameInUse",
    "NotExposed",
    "NotImportable",
    "NotPicklable",
    "ObjectGone",
    "OwnerDied",
    "OwnerDiedWarning",
    "ProtocolError",
    "RemoteError",
    "ServerBusy",
    "ServerTraceback",
    "ShutDown",
    "WeakKeyWarning",
    "WouldDeadlock",
]


class ManorError(Exception):
    """Base class of every error that manor itself raises."""


class RemoteError(ManorError):
    """The server failed in a way that only text can describe; ``args[0]`` is the server's traceback or reason.

    Raised when an exception of the hosted object cannot travel as itself, and as the base class of the
    errors that ``multiprocessing`` reports as its own ``RemoteError``. Retrying gives the same result.
    """

    def __str__(self) -> str:
        line = "-" * 75
        return f"\n{line}\n{self.args[0] if self.args else ''}\n{line}"


class NotExposed(AttributeError, RemoteError):
    """The method is not among those that the hosted object exposes; the caller is to blame, do not retry."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NotImportable(ManorError, ImportError):
    """The server cannot import the class or function that an object is to be made by; the message says what to do."""


class NotPicklable(RemoteError, pickle.PicklingError, TypeError, AttributeError):
    """An argument or a result cannot be pickled; the message names the object, the method and the value."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ObjectGone(RemoteError, KeyError):
    """The proxy refers to an object that the server no longer hosts (all its holders dropped it)."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


_AFTER_SHUTDOWN: Final = (
    ": use its objects before that, inside its `with` block for instance, or copy what is in them: dict(d), list(l)"
)


class ManagerDied(ManorError, ConnectionError, EOFError):
    """The manager's server is gone; every later operation on its objects raises this too, at once.

    The message says which manager, its address, its process id and how it ended, as far as this process can
    know. Start a new manager; retrying on this one cannot succeed.
    """

    @classmethod
    def of(cls, where: str, how: str | None) -> Self:
        """Return the exception for the manager that is named *where* and ended *how*."""
        return cls(f"{where} {how}{_AFTER_SHUTDOWN if how is not None and 'was shut down' in how else ''}")


class ManagerStartError(ManorError, OSError):
    """The server process could not start; the message and ``__cause__`` say why. Raised in the parent."""


class AddressInUse(ManagerStartError):
    """Another socket listens on the address that was asked for. Choose another, or stop the other server."""


class NameInUse(ManorError, FileExistsError):
    """The name is taken: by an object of the manager, or by a manager that runs.

    Choose another, or use what has it: ``manager.get(name)``, ``manor.attach(name)``.
    """


class ManagerNotFound(ManorError, FileNotFoundError, LookupError):
    """No manager of that name runs, of this user on this machine, and none came in time; the message names others."""


class CallTimeout(ManorError, TimeoutError):
    """The server was silent for longer than the caller's deadline; the call was abandoned.

    Whether the method ran is unknown, but a wait that was abandoned takes no item, permit or lock.
    The proxy stays usable: the next call opens a fresh connection.
    """


class AuthenticationError(ManorError, multiprocessing.AuthenticationError):
    """The peer refused us, or we refused the peer: a wrong key, or another user on a local socket."""


class ProtocolError(ManorError, ConnectionError):
    """The peer sent bytes that are no message of manor's; the connection was closed. The peer is to blame."""


class MessageTooLarge(ManorError, ValueError):
    """A message exceeds ``Limits.message_bytes_max``; the text gives its size and the limit."""


class ServerBusy(ManorError, ConnectionError):
    """The server has too many connections that have not authenticated yet; try again later."""


class OwnerDied(ManorError, RuntimeError):
    """The process that held this lock was killed; what the lock protects may be half changed.

    Raised for locks that were made with ``on_owner_death="raise"``. Who gets it from ``acquire`` or ``wait`` has the
    lock, and is to release it; a ``with`` statement has released it. The next ``acquire`` succeeds.
    """


class WouldDeadlock(ManorError, RuntimeError):
    """A call would wait for an object that waits for the caller itself; nothing of it ran.

    The message has the chain of calls. Call the method on ``self`` instead of through a proxy, or make the object with
    ``manager.options(concurrency="threads")``.
    """


class ArenaFull(ManorError, MemoryError):
    """The manager's shared memory has no room for a value; nothing has changed.

    Remove objects, or raise ``arena_bytes_max``. Trying again helps only when somebody frees memory meanwhile.
    """


class ArenaCorrupt(ManorError, RuntimeError):
    """The manager's shared memory holds what no process of manor writes; the object cannot be used any more."""


class ArenaUnavailable(ManorError, OSError):
    """This process cannot use the manager's shared memory: 256 others do, or its pid namespace is another one."""


if sys.version_info >= (3, 13):
    from queue import ShutDown
else:

    class ShutDown(Exception):
        """A queue was shut down: it takes no more items, and has none left. Since Python 3.13 it is ``queue``'s own."""


class ServerTraceback(Exception):
    """The end of a remote exception's chain: the traceback as the server printed it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"in the manager's server process:\n{self.text.rstrip()}"


class ManorWarning(UserWarning):
    """Base class of manor's warnings."""


class OwnerDiedWarning(ManorWarning, RuntimeWarning):
    """The lock just acquired was taken back from a process that was killed while it held it."""


class WeakKeyWarning(ManorWarning):
    """An ``authkey`` shorter than 16 bytes guards a manager that other machines can reach."""
