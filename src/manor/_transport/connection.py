"""The native connection, and what it raises whose peer is gone."""

from __future__ import annotations

import socket
from typing import Final

from manor._native import Connection, Turns
from manor.limits import Limits

__all__ = ["LOST", "Connection", "Turns", "known_peer"]

LOST: Final = (OSError, EOFError, ValueError)
"""What a connection raises whose peer is gone (``ValueError``: it was closed on our side)."""


def known_peer(sock: socket.socket, limits: Limits) -> Connection:
    """Return the connection over a socket, which is its own from now on, whose other end is known."""
    with sock:
        return Connection(sock.detach(), message_bytes_max=limits.message_bytes_max, spin_ns_max=limits.spin_ns_max)
