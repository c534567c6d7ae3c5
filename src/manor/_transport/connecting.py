"""Opening a connection to a server's address."""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import Final, cast

from manor._native import Connection
from manor._transport.addresses import Address, is_path, resolve, sockaddr
from manor._transport.handshake import connect_peer
from manor.limits import Limits

__all__ = ["connect"]

_TIMEVAL: Final = struct.Struct("@ll")
_SECONDS_MAX: Final = 1e9


def connect(
    address: Address, key: bytes | None, first: bytes, limits: Limits, timeout: float, server: int = -1
) -> Connection:
    """Connect to *address*, shake hands, and send the first message.

    Args:
        address: Path or (host, port).
        key: Pre-shared key, or None for a server of the same user on this machine.
        first: The first message.
        limits: Bounds of the connection.
        timeout: For connecting and the handshake together, in seconds; 0 is too short.
        server: A pidfd of the server's process, or -1.

    Raises:
        OSError: As ``socket.connect`` raises it (``ConnectionRefusedError``, ``FileNotFoundError``, ...).
        TimeoutError: It took longer than *timeout*.
        AuthenticationError: See ``connect_peer``.
    """
    if timeout <= 0:
        raise TimeoutError("no time is left to connect")
    timeout = min(timeout, _SECONDS_MAX)
    end = time.monotonic() + timeout
    if is_path(address):
        with sockaddr(cast("str | bytes", address)) as name:
            sock = _connected(socket.AF_UNIX, os.fsencode(name), timeout)
    else:
        family, target = resolve(cast("tuple[str, int]", address), passive=False)
        sock = _connected(family, target, timeout)
    return connect_peer(sock, key, first, limits, end - time.monotonic(), server)


def _connected(family: socket.AddressFamily, target: bytes | tuple[object, ...], timeout: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_UNIX:
            _connect_when_there_is_room(sock, target, timeout)
        else:
            sock.settimeout(timeout)
            sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock


def _connect_when_there_is_room(sock: socket.socket, target: bytes | tuple[object, ...], timeout: float) -> None:
    """Connect a Unix socket; only a blocking ``connect`` waits for room in a full backlog (unix(7))."""
    seconds, fraction = divmod(timeout, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(int(seconds), max(1, int(fraction * 1e6))))
    try:
        sock.connect(target)
    except BlockingIOError:
        raise TimeoutError("the server's queue of new connections stayed full") from None
