"""Opening a connection to a server's address."""

from __future__ import annotations

import os
import socket
from typing import cast

from manor._native import Connection
from manor._transport.addresses import Address, is_path, resolve, sockaddr
from manor._transport.handshake import connect_peer
from manor.limits import Limits

__all__ = ["connect"]


def connect(address: Address, key: bytes | None, limits: Limits, timeout: float | None) -> Connection:
    """Connect to *address* and shake hands.

    Args:
        address: Path or (host, port).
        key: Pre-shared key, or None for a server of the same user on this machine.
        limits: Bounds of the connection.
        timeout: For connecting and for the handshake each, in seconds.

    Raises:
        OSError: As ``socket.connect`` raises it (``ConnectionRefusedError``, ``FileNotFoundError``, ...).
        AuthenticationError: See ``connect_peer``.
    """
    if is_path(address):
        with sockaddr(cast("str | bytes", address)) as name:
            sock = _connected(socket.AF_UNIX, os.fsencode(name), timeout)
    else:
        family, target = resolve(cast("tuple[str, int]", address), passive=False)
        sock = _connected(family, target, timeout)
    return connect_peer(sock, key, limits, timeout)


def _connected(
    family: socket.AddressFamily, target: bytes | tuple[object, ...], timeout: float | None
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock
