"""Listening sockets: a Unix socket in a private folder, and a TCP port when one was asked for."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from typing import Final

from manor._transport.addresses import Address, describe, is_path, resolve, sockaddr
from manor.errors import AddressInUse

__all__ = [
    "FAILED_BEFORE_ACCEPTED",
    "Listener",
    "is_listened_on",
    "is_private",
    "is_stale",
    "listen",
    "listen_privately",
    "remove_private",
]

FAILED_BEFORE_ACCEPTED: Final = frozenset((
    errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ENETUNREACH, errno.ENOPROTOOPT,
    errno.EHOSTDOWN, errno.ENONET, errno.EHOSTUNREACH, errno.EOPNOTSUPP, errno.ETIMEDOUT,
))  # fmt: skip
"""What ``accept`` says of one connection that broke while it waited; the next may be sound (accept(2))."""
_BACKLOG = 4096
_PREFIX = "manor-"
_RANDOM_CHARS = 8  # that mkdtemp appends
_SOCKET = "socket"


class Listener:
    """A listening socket that knows its address and removes its file.

    Attributes:
        address: Where it listens: a path, or (host, port) with the port that the system chose.
        socket: The socket itself, non-blocking.
    """

    def __init__(self, sock: socket.socket, address: Address, folder: str | None = None) -> None:
        """Take ownership of *sock* and, when given, of the private *folder* of its path."""
        self.socket = sock
        self.address = address
        self._folder = folder
        self._owner_pid = os.getpid()

    @property
    def is_local(self) -> bool:
        """Whether it is a Unix socket."""
        return is_path(self.address)

    def close(self) -> None:
        """Stop listening, and remove the path when this process made it; may be called again."""
        if self.socket.fileno() < 0:
            return
        self.socket.close()
        if os.getpid() == self._owner_pid:
            self.remove()

    def remove(self) -> None:
        """Remove the path, and the folder that was made for it."""
        if not self.is_local:
            return
        with contextlib.suppress(OSError):
            os.unlink(self.address)  # type: ignore[arg-type]
        if self._folder is not None:
            with contextlib.suppress(OSError):
                os.rmdir(self._folder)

    def take_over(self) -> None:
        """In a child process that is to listen: be the one that removes the path."""
        self.socket.setblocking(False)
        self._owner_pid = os.getpid()

    def discard(self) -> None:
        """Close our copy of the socket and touch nothing else: another process listens."""
        self.socket.close()


def _bind_path(sock: socket.socket, path: str | bytes) -> None:
    with sockaddr(path) as name:
        try:
            sock.bind(name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not is_stale(path):
                raise
            os.unlink(path)
            sock.bind(name)


def is_stale(path: str | bytes) -> bool:
    """Whether *path* is a socket on which nobody listens any more."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
    except OSError:
        return False
    with socket.socket(socket.AF_UNIX) as probe, sockaddr(path) as name:
        probe.settimeout(1.0)
        try:
            probe.connect(name)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def is_listened_on(path: str) -> bool:
    """Whether somebody listens on the Unix socket at *path*, as far as this process can tell."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            with sockaddr(path) as name:
                probe.connect(name)
        except (ConnectionRefusedError, FileNotFoundError, NotADirectoryError):
            return False
        except OSError:  # it is there, and busy
            return True
    return True


def listen(address: Address) -> Listener:
    """Listen on *address*; raise ``AddressInUse`` when somebody else does."""
    if is_path(address):
        family, target = socket.AF_UNIX, None
    else:
        family, target = resolve(address, passive=True)  # type: ignore[arg-type]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if target is None:
            _bind_path(sock, address)  # type: ignore[arg-type]
            bound: Address = address
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(target)
            bound = sock.getsockname()[:2]
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(error.errno, f"somebody else listens on {describe(address)}") from error
        raise
    return Listener(sock, bound)


def is_private(path: str) -> bool:
    """Whether *path* is that of a private socket, by its name."""
    folder, name = os.path.split(path)
    parent = os.path.basename(folder)
    return name == _SOCKET and parent.startswith(_PREFIX) and len(parent) == len(_PREFIX) + _RANDOM_CHARS


def remove_private(path: str) -> None:
    """Remove the private socket of a server that could not do so itself, and its folder."""
    folder = os.path.dirname(path)
    if is_private(path):
        with contextlib.suppress(OSError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def listen_privately() -> Listener:
    """Listen on a Unix socket in a new folder that only this user can enter."""
    import tempfile  # with all that it loads, which servers need not whose owner has made the folder

    folder = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        listener = listen(os.path.join(folder, _SOCKET))
    except BaseException:
        os.rmdir(folder)
        raise
    listener._folder = folder
    return listener
