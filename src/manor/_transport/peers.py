"""Who is at the other end of a local socket, and which machine this is."""

import functools
import os
import socket
import struct
from typing import Final

from manor._record import Record

__all__ = ["Peer", "machine_id", "peer_of", "same_user"]

_CREDENTIALS: Final = struct.Struct("iII")


class Peer(Record):
    """What the kernel says of the process at the other end (``SO_PEERCRED``, unix(7))."""

    __slots__ = ()

    pid: int
    uid: int
    gid: int


def peer_of(sock: socket.socket) -> Peer:
    """Return the credentials of the peer of a Unix socket, as they were when it connected or listened."""
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(data))


def same_user(sock: socket.socket) -> bool:
    """Whether the peer of a Unix socket runs as our own user."""
    return peer_of(sock).uid == os.geteuid()


@functools.cache
def machine_id() -> bytes:
    """Return 16 bytes that name this machine until it is started again, and its process ids.

    Two containers of one machine count as two: a pid of the one means nothing in the other. Zeros where the system
    cannot tell.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
            boot = int(file.read(64).decode().strip().replace("-", ""), 16)
        return (boot ^ os.stat("/proc/self/ns/pid").st_ino).to_bytes(16, "big")
    except (OSError, ValueError):
        return bytes(16)
