"""Opening connections to one server: handshake, introduction, and mailboxes where both sides share memory."""

from __future__ import annotations

import multiprocessing
import os
from typing import Final

from manor._codec.codec import Codec
from manor._proxy.identity import thread_serial
from manor._transport.addresses import Address, is_path
from manor._transport.connecting import connect
from manor._transport.connection import Connection
from manor._wire.introduction import Hello, Refusal, Role, Welcome
from manor.errors import ProtocolError
from manor.limits import Limits

__all__ = ["Dialer"]

_REFUSALS: Final = {
    Refusal.OTHER_SERIALIZER: (ProtocolError, "the server was started with another serializer"),
    Refusal.UNKNOWN_PROCESS: (ConnectionResetError, "the server no longer knows this process"),
    Refusal.STOPPING: (ConnectionRefusedError, "the server is shutting down"),
}


class Dialer:
    """Knows how to reach one server, and as whom.

    Attributes:
        address: Where to connect.
        codec: What the server must speak.
        limits: Bounds of the connections.
    """

    def __init__(self, address: Address, key: bytes | None, codec: Codec, limits: Limits) -> None:
        """Connect to *address* with *key*, or without one to a server of the same machine and user."""
        self.address = address
        self.codec = codec
        self.limits = limits
        self._key = key
        self._process = os.urandom(16)

    @property
    def is_local(self) -> bool:
        """Whether the server is reached through a Unix socket."""
        return is_path(self.address)

    def forget_parent(self) -> None:
        """In a forked child: be a process of its own."""
        self._process = os.urandom(16)

    def dial(self, role: Role, timeout: float, server: int = -1) -> tuple[Connection, Welcome]:
        """Open a connection.

        Args:
            role: What it is for.
            timeout: For each step, in seconds.
            server: A pidfd of the server's process, where there is one: its end ends the wait for its answer, even if
                another process keeps the socket.

        Raises:
            OSError: As ``socket.connect`` raises it, or the server refuses us.
            EOFError: The server closed the connection.
            AuthenticationError: Wrong key, or another user.
            ProtocolError: It is no server of manor's, or speaks otherwise.
        """
        connection = connect(self.address, self._key, self.hello(role), self.limits, timeout, server)
        return connection, self._welcomed(connection, role, timeout)

    def hello(self, role: Role) -> bytes:
        """Return what this process and thread say of themselves."""
        thread = thread_serial() if role is Role.SESSION else 0
        name = multiprocessing.current_process().name
        return Hello(role, self.codec.number, self._process, os.getpid(), thread, name).pack()

    def _welcomed(self, connection: Connection, role: Role, timeout: float | None) -> Welcome:
        try:
            welcome = Welcome.unpack(connection.receive(timeout))
            if welcome.refusal is not Refusal.NONE:
                kind, text = _REFUSALS[welcome.refusal]
                raise kind(text)
            if role is Role.SESSION and self.is_local:
                connection.accept_mailboxes(timeout)
        except BaseException:
            connection.close()
            raise
        return welcome
