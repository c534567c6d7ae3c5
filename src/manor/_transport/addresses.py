"""Addresses as ``multiprocessing`` writes them: a path for a Unix socket, ``(host, port)`` for TCP."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Final

__all__ = ["Address", "describe", "is_loopback", "is_path", "resolve", "sockaddr"]

Address = str | bytes | tuple[str, int]

_PATH_BYTES_MAX: Final = 107
_PORT_MAX: Final = 65535


def is_path(address: object) -> bool:
    """Whether *address* names a Unix socket; raise ``ValueError`` when it is no address at all."""
    if isinstance(address, str | bytes):
        return True
    if isinstance(address, tuple) and len(address) >= 2:
        return False
    raise ValueError(f"address {address!r} is neither a path nor a (host, port) pair")


def describe(address: object) -> str:
    """Return *address* for a message to people."""
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return str(address)


def resolve(address: tuple[str, int], *, passive: bool) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """Return the socket family and the numeric address; an empty host means every interface."""
    if not isinstance(address[1], int):
        raise TypeError(f"a port is a number, not {address[1]!r}")
    if not 0 <= address[1] <= _PORT_MAX:  # the system would cut it
        raise OverflowError(f"port {address[1]} is not in the range of 0 to {_PORT_MAX}")
    flags = socket.AI_PASSIVE if passive else 0
    found = socket.getaddrinfo(address[0] or None, address[1], type=socket.SOCK_STREAM, flags=flags)
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, target = found[0]
    return family, target


def is_loopback(address: Address) -> bool:
    """Whether only this machine can reach *address*."""
    if is_path(address):
        return True
    host = str(address[0])
    return host == "localhost" or host.startswith("127.") or host in ("::1", "0:0:0:0:0:0:0:1")


@contextlib.contextmanager
def sockaddr(path: str | bytes) -> Iterator[str | bytes]:
    """Give a name by which the kernel takes *path*, though ``sun_path`` holds only 107 bytes (unix(7)).

    A longer path is reached through a descriptor of its folder in ``/proc/self/fd``.
    """
    raw = os.fsencode(path)
    if len(raw) <= _PATH_BYTES_MAX or raw.startswith(b"\0"):
        yield path
        return
    folder, name = os.path.split(raw)
    descriptor = os.open(folder or b".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = b"/proc/self/fd/%d/%s" % (descriptor, name)
        if len(short) > _PATH_BYTES_MAX:
            raise OSError(f"the name of the socket is too long for the system: {os.fsdecode(name)!r}")
        yield short
    finally:
        os.close(descriptor)
