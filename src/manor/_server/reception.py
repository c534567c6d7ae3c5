"""Receives new connections: each in a thread of its own, which becomes the thread that serves it."""

from __future__ import annotations

import contextlib
import itertools
import resource
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from manor import _log
from manor._server.processes import Process
from manor._server.sessions import Session
from manor._transport.connection import Connection, known_peer
from manor._wire.introduction import INTRODUCTION_BYTES_MAX, Hello, Refusal, Role
from manor._wire.references import Reference
from manor.errors import ManorError, ProtocolError

if TYPE_CHECKING:
    from manor._server.endpoint import FirstConnections
    from manor._server.server import Server

__all__ = ["Reception", "raise_file_limit"]

_ACCEPT: Final = Reference("manor._transport.handshake", "accept_peer")
_REFUSE_BUSY: Final = Reference("manor._transport.handshake", "refuse_busy")


class Reception:
    """Shakes hands with new clients, a bounded number at a time, so that silent ones cannot hold up others."""

    def __init__(self, server: Server) -> None:
        """Receive clients for *server*."""
        self._server = server
        self._pending = threading.BoundedSemaphore(server.limits.pending_handshakes_max)
        self._names = itertools.count(1)

    def receive(self, sock: socket.socket) -> None:
        """Take over a connected socket; returns at once."""
        if not self._pending.acquire(blocking=False):
            _REFUSE_BUSY(sock)
            return
        try:
            self._thread(self._run, sock).start()
        except RuntimeError:  # the system has no more threads
            self._pending.release()
            _REFUSE_BUSY(sock)

    def prepare(self) -> None:
        """Load what strangers need, who come after the client that started the server."""
        _ACCEPT.resolve()

    def adopt(self, first: FirstConnections) -> None:
        """Serve a client that is known already."""
        server = self._server
        process = Process(first.control_hello.process, first.control_hello.pid, first.control_hello.name)
        server.processes.add(process)
        control = server.new_control(known_peer(first.control, server.limits), process)
        connection = known_peer(first.session, server.limits)
        try:
            session = self._session(connection, process, first.session_hello.thread)
        except (OSError, EOFError) as error:
            _log.info("the owner is gone: %s", error)
            connection.close()
        else:
            self._thread(server.serve_session, session).start()  # it may have a call to answer already
        self._thread(server.serve_control, control).start()

    def _thread(self, target: Callable[[Any], None], arg: Any) -> threading.Thread:
        return threading.Thread(target=target, args=(arg,), name=f"manor-{next(self._names)}", daemon=True)

    def _run(self, sock: socket.socket) -> None:
        serve: Any = None
        try:
            serve = self._shake_hands(sock)
        except (ManorError, OSError, EOFError, ValueError, OverflowError) as error:
            _log.info("turned a client away: %s", error)
        finally:
            self._pending.release()
        if serve is not None:
            serve()

    def _shake_hands(self, sock: socket.socket) -> Any:
        """Return what serves the client from now on."""
        server = self._server
        limit = server.limits.handshake_s
        connection: Connection = _ACCEPT(sock, server.authkey, server.limits)
        try:
            data = connection.receive(limit)
            if len(data) > INTRODUCTION_BYTES_MAX:
                raise ProtocolError(f"an introduction of {len(data)} bytes")
            hello = Hello.unpack(data)
            if hello.role is Role.CONTROL:
                return self._new_control(connection, hello)
            return self._new_session(connection, hello)
        except BaseException:
            connection.close()
            raise

    def _welcome(self, connection: Connection, refusal: Refusal, *, with_arena: bool = False) -> None:
        """Tell the client whether it is served; one on this machine gets the arena with its control connection."""
        welcome, limit = self._server.welcome(refusal).pack(), self._server.limits.handshake_s
        residency = self._server.dispatcher.residency
        if with_arena and residency is not None and connection_is_local(connection):
            connection.send_with_file(welcome, residency.fd, limit)
        else:
            connection.send([welcome], limit)
        if refusal is not Refusal.NONE:
            raise ProtocolError(f"refused a client: {refusal.name}")

    def _refusal(self, hello: Hello) -> Refusal:
        if self._server.is_stopping:
            return Refusal.STOPPING
        if hello.serializer != self._server.codec.number:
            return Refusal.OTHER_SERIALIZER
        return Refusal.NONE

    def _new_control(self, connection: Connection, hello: Hello) -> Any:
        process = Process(hello.process, hello.pid, hello.name)
        refusal = self._refusal(hello)
        if refusal is Refusal.NONE and not self._server.processes.add(process):
            raise ProtocolError(f"process {hello.pid} has a control connection already")
        try:
            self._welcome(connection, refusal, with_arena=refusal is Refusal.NONE)
        except BaseException:
            self._server.processes.remove(process)
            raise
        control = self._server.new_control(connection, process)
        return lambda: self._server.serve_control(control)

    def _new_session(self, connection: Connection, hello: Hello) -> Any:
        server = self._server
        process = server.processes.find(hello.process)
        refusal = self._refusal(hello)
        if process is None and refusal is Refusal.NONE:
            refusal = Refusal.UNKNOWN_PROCESS
        self._welcome(connection, refusal)
        if process is None:  # refused already
            raise ProtocolError("an unknown process")
        session = self._session(connection, process, hello.thread)
        return lambda: server.serve_session(session)

    def _session(self, connection: Connection, process: Process, thread: int) -> Session:
        server = self._server
        if connection_is_local(connection):
            connection.offer_mailboxes(server.limits.mailbox_bytes, server.limits.handshake_s)
        return Session(connection, process, thread, server.codec, server.dispatcher, server.functions)


def connection_is_local(connection: Connection) -> bool:
    """Whether the connection is over a Unix socket, which can pass shared memory."""
    with socket.socket(fileno=connection.fileno()) as sock:
        try:
            return sock.family == socket.AF_UNIX
        finally:
            sock.detach()


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us: every client thread takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
