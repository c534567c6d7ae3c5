"""Where a server is reached: made by the server, or before it runs by the process that starts it."""

import os
import socket

from manor._record import Record
from manor._transport.addresses import Address
from manor._transport.listening import Listener, listen, listen_privately
from manor._transport.peers import machine_id
from manor._wire.introduction import Hello
from manor._wire.tokens import Route

__all__ = ["Endpoint", "FirstConnections", "open_endpoint"]


class Endpoint(Record):
    """The sockets on which a server listens.

    Attributes:
        name: 16 random bytes that name the server.
        listener: That of its address.
        local: That for clients of the same machine and user; it may be the same.
    """

    __slots__ = ()

    name: bytes
    listener: Listener
    local: Listener

    def route(self, pid: int) -> Route:
        """Return how clients of the same machine find the server, which is process *pid*."""
        path = os.path.abspath(os.fsdecode(self.local.address))  # type: ignore[arg-type]
        return Route(self.name, machine_id(), path, pid)

    def take_over(self) -> None:
        """In a child process: be the server."""
        for listener in {self.listener, self.local}:
            listener.take_over()

    def close(self) -> None:
        """Listen no longer."""
        for listener in {self.listener, self.local}:
            listener.close()

    def discard(self) -> None:
        """Leave listening to the process that has it now."""
        for listener in {self.listener, self.local}:
            listener.discard()

    def remove(self) -> None:
        """Remove the paths of a server that could not do so itself."""
        for listener in {self.listener, self.local}:
            listener.remove()


class FirstConnections(Record):
    """The server's ends of connections that its owner made before the server ran.

    Attributes:
        control: A socket.
        control_hello: Whose it is.
        session: Another socket.
        session_hello: Likewise.
    """

    __slots__ = ()

    control: socket.socket
    control_hello: Hello
    session: socket.socket
    session_hello: Hello


def open_endpoint(address: Address | None) -> Endpoint:
    """Listen.

    Args:
        address: Where; None for a private Unix socket.

    Raises:
        AddressInUse: Somebody else listens there.
    """
    listener = listen_privately() if address is None else listen(address)
    try:
        local = listener if listener.is_local else listen_privately()
    except BaseException:
        listener.close()
        raise
    return Endpoint(os.urandom(16), listener, local)
