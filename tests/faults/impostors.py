"""Servers that say what they like to real clients."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from manor._native import Connection
from manor._transport.peers import machine_id
from manor._transport.preamble import PREAMBLE_BYTES, Verdict, pack_server, unpack_client
from manor._wire.control import What, pack_pong, unpack_notices
from manor._wire.introduction import Hello, Refusal, Role, Welcome
from tests.faults.strangers import LIMIT_S, frame

MESSAGE_BYTES_MAX = 1 << 30
NO_PID = 2**31 - 1  # of a process that nobody can watch

Behaviour = Callable[["Peer"], None]


class Peer:
    """The impostor's end of one connection."""

    def __init__(self, sock: socket.socket, name: bytes, gone: threading.Event) -> None:
        self.socket = sock
        self._name = name
        self._gone = gone
        sock.settimeout(LIMIT_S)

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError("the client hung up")
            data += more
        return data

    def hear_frame(self) -> bytes:
        return self.hear(int.from_bytes(self.hear(8), "little"))

    def stall(self) -> None:
        """Say nothing until the test is over."""
        self._gone.wait(LIMIT_S)

    def welcome(self) -> Role:
        """Begin as a real server does."""
        assert unpack_client(self.hear(PREAMBLE_BYTES)) is not None
        self.say(pack_server(Verdict.WELCOME))
        hello = Hello.unpack(self.hear_frame())
        self.say(frame(a_welcome(name=self._name).pack()))
        return hello.role

    def hear_ping(self) -> int:
        """On a control connection: the number of the next ping."""
        while True:
            for notice in unpack_notices(bytearray(self.hear_frame())):
                if notice.what is What.PING:
                    return notice.ident

    def serve_control(self) -> None:
        """Answer pings as a real server does."""
        while True:
            self.say(frame(pack_pong(self.hear_ping())))

    def with_mailboxes(self) -> Connection:
        """On a session over a Unix socket: offer mailboxes, and return the real connection."""
        connection = Connection(self.socket.detach(), message_bytes_max=MESSAGE_BYTES_MAX)
        connection.offer_mailboxes(65536, LIMIT_S)
        return connection


def a_welcome(refusal: Refusal = Refusal.NONE, *, name: bytes = bytes(16), **bounds: Any) -> Welcome:
    return Welcome(refusal, name, NO_PID, machine_id(), MESSAGE_BYTES_MAX, "/nowhere", **bounds)


class Impostor:
    """Listens, and behaves towards each connection as the test says."""

    def __init__(self, address: Any, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.name = os.urandom(16)  # by which clients know a server
        self._gone = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self._listener.bind(address)
        self._listener.listen()
        self.address = self._listener.getsockname()
        self._accepting = threading.Thread(target=self._accept, name="impostor")
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._sockets.append(sock)
            thread = threading.Thread(target=self._behave, args=(sock,), name="impostor's connection")
            self._threads.append(thread)
            thread.start()

    def _behave(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, EOFError):
            self.behaviour(Peer(sock, self.name, self._gone))

    def close(self) -> None:
        self._gone.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):  # closed already
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def impostor(address: Any, behaviour: Behaviour) -> Iterator[Impostor]:
    """An impostor that listens at *address*."""
    running = Impostor(address, behaviour)
    try:
        yield running
    finally:
        running.close()


def honest_but(session: Behaviour, control: Behaviour = Peer.serve_control) -> Behaviour:
    """A server that welcomes everybody, and then does what the test says."""

    def behave(peer: Peer) -> None:
        (control if peer.welcome() is Role.CONTROL else session)(peer)

    return behave
