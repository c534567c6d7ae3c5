"""The server: hosts objects, and serves every client that may connect."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from manor import _log
from manor._codec.codec import Codec, codec_for
from manor._server.controls import Control
from manor._server.dispatch import Dispatcher
from manor._server.endpoint import Endpoint, FirstConnections, open_endpoint
from manor._server.functions import ServerFunctions
from manor._server.late_residency import LateResidency
from manor._server.leases import Leases
from manor._server.objects import ObjectTable
from manor._server.processes import Process, Processes
from manor._server.reactor import Reactor
from manor._server.reception import Reception, raise_file_limit
from manor._server.registry import Registry
from manor._server.sessions import Session
from manor._transport.addresses import Address
from manor._transport.endings import ProcessWatch
from manor._transport.listening import FAILED_BEFORE_ACCEPTED, Listener
from manor._wire.introduction import Refusal, Welcome
from manor._wire.tokens import Route
from manor.limits import DEFAULT, Limits

__all__ = ["Server"]

_DYING_S = 0.005
"""The connections of a process that is killed close one after the other, within microseconds, in no order."""

_servers: weakref.WeakSet[Server] = weakref.WeakSet()


class Server:
    """Hosts objects for clients in other processes.

    Attributes:
        address: Where it listens, as the manager was told, with the port that the system chose.
        listener: The socket of that address.
        table: Its objects.
        leases: Of those that nobody may hold any more.
        route: How clients of the same machine find it.
        owner: The process that it ends with, if there is one.
        link: How proxies in this very process call it, once it has been given that.
        first: Connections of the client that started it, if one did.
        has_begun: Whether it serves, or has.
        on_ended: Called when nothing of it is left but its process.
    """

    has_begun: bool = False
    on_ended: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self,
        registry: Mapping[str, tuple[Any, Any, Any, Any]],
        address: Address | None,
        authkey: bytes,
        serializer: str,
        *,
        limits: Limits = DEFAULT,
        arena_bytes_max: int = 0,
        endpoint: Endpoint | None = None,
        arena_fd: int = -1,
        debug: bool = False,
    ) -> None:
        """Listen, without serving yet.

        Args:
            registry: Types by name, as ``BaseManager.register`` enters them.
            address: Where to listen; None for a private Unix socket.
            authkey: What clients must know that the kernel does not vouch for.
            serializer: ``"pickle"`` or ``"xmlrpclib"``.
            limits: Bounds on messages, handshakes, leases.
            arena_bytes_max: How large the shared memory of the standard types may grow; 0 for none.
            endpoint: Where it is reached, if that was made already.
            arena_fd: The memory file of an arena that was; -1 for none.
            debug: Whether to tell from where threads acquire and wait.

        Raises:
            AddressInUse: Somebody else listens there.
        """
        if not isinstance(authkey, bytes):
            raise TypeError(f"Authkey {authkey!r} is type {type(authkey)!s}, not bytes")
        self.limits = limits
        self.codec: Codec = codec_for(serializer)
        self.authkey: bytes = bytes(authkey)
        self._endpoint = endpoint or open_endpoint(address)
        self.listener: Listener = self._endpoint.listener
        self.address: Address = self.listener.address
        self.route: Route = self._endpoint.route(os.getpid())
        self.reactor: Reactor = Reactor()
        self.leases: Leases = Leases(self.reactor, limits.fork_lease_s)
        self.table: ObjectTable = self.leases.table
        self.processes: Processes = Processes()
        self.debug = debug
        self.dispatcher: Dispatcher = Dispatcher(self.table, Registry(registry), self.route, debug=debug)
        self.dispatcher.public_address = lambda: self.public_address
        self.functions: ServerFunctions = ServerFunctions(self.dispatcher, self.stop)
        self._reason: str | None = None
        self._controls: set[Control] = set()
        self._reception = Reception(self)
        self.owner: ProcessWatch | None = None
        self.link: Any = None
        self.first: FirstConnections | None = None
        self.on_serving: Callable[[], None] = lambda: None
        self.on_closed: Callable[[], None] = lambda: None
        self._late_residency = LateResidency(self, arena_bytes_max, arena_fd)
        _servers.add(self)

    # Life

    def serve_forever(self) -> None:
        """Serve until ``stop``; then end the process with exit code 0, as the standard library does."""
        try:
            self.serve()
        except (KeyboardInterrupt, SystemExit):
            self.stop("was interrupted")
        finally:
            if sys.stdout is not sys.__stdout__:
                sys.stdout = sys.__stdout__
                sys.stderr = sys.__stderr__
            self.close()
        sys.exit(0)

    def serve(self) -> None:
        """Serve until ``stop``."""
        self.has_begun = True
        raise_file_limit()
        _log.info("server %d serves at %s", os.getpid(), self.address)
        for listener in {self.listener, self._endpoint.local}:
            if listener.socket.fileno() >= 0:
                self.reactor.when_readable(listener.socket.fileno(), self._acceptor(listener))
        if self.first is not None:
            self._reception.adopt(self.first)
        self.reactor.after(0.0, self.on_serving)
        self.reactor.after(0.0, self._load_rest)
        self.reactor.run()

    def _load_rest(self) -> None:
        """Load what the first client need not have waited for."""
        try:
            self.dispatcher.find_residency()
        except Exception as error:  # whatever the system has against it
            self.stop(f"could not open its shared memory: {type(error).__name__}: {error}")
        self._reception.prepare()

    def stop(self, reason: str) -> None:
        """Have the server end; clients will be told why. Callable from any thread and from a signal handler."""
        if self._reason is None:
            self._reason = reason
        self.reactor.stop()

    def end_with(self, pid: int) -> None:
        """End when process *pid* has ended, however that happens."""
        try:
            self.owner = ProcessWatch(pid)
        except ProcessLookupError:
            self.stop(f"ended because its owner, process {pid}, is gone")
            return
        reason = f"ended because its owner, process {pid}, ended"
        self.reactor.when_readable(self.owner.fileno(), lambda: self.stop(reason))

    def close(self) -> None:
        """Say farewell and close every connection and listener; waits of clients end."""
        self._endpoint.close()
        self.on_closed()  # before anybody is told: the name is free for a successor
        reason = self._reason or "ended"
        for control in list(self._controls):
            control.say_farewell(reason)
        self._late_residency.end()  # whoever is woken by that asks for the reason
        self.on_ended()
        for process in self.processes.all():
            process.end()
            for session in list(process.sessions):
                session.abandon()
                with contextlib.suppress(ValueError):  # its own thread was first, and has closed it
                    session.connection.shutdown()
        for control in list(self._controls):
            with contextlib.suppress(ValueError):
                control.connection.shutdown()
        _log.info("server %d %s", os.getpid(), reason)

    # Clients

    def _acceptor(self, listener: Listener) -> Callable[[], None]:
        def accept() -> None:
            for _ in range(64):
                try:
                    sock, _ = listener.socket.accept()
                except OSError as error:
                    if error.errno not in FAILED_BEFORE_ACCEPTED:
                        raise
                else:
                    self._receive(sock)

        return accept

    def _receive(self, sock: socket.socket) -> None:
        self._reception.receive(sock)

    def welcome(self, refusal: Refusal = Refusal.NONE) -> Welcome:
        """Return what the server says of itself."""
        return Welcome.of(self.route, self.limits, refusal, debug=self.debug)

    @property
    def is_stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._reason is not None

    def serve_control(self, control: Control) -> None:
        """Carry out a process's notices until it ends."""
        self._controls.add(control)
        try:
            control.serve()
        finally:
            self._controls.discard(control)

    def serve_session(self, session: Session) -> None:
        """Carry out a session's calls until it ends."""
        process, descriptor = session.process, session.connection.fileno()
        process.sessions.add(session)
        self.reactor.when_hung_up(descriptor, lambda: self._end_wait(session))
        try:
            if process.ended or self.is_stopping:
                self.reactor.forget(descriptor)
                session.connection.close()
                return
            session.await_predecessors()
            session.serve(lambda: self.reactor.forget(descriptor))
        finally:
            process.sessions.discard(session)

    def _end_wait(self, session: Session) -> None:
        """End the wait of a client that has closed a session, when it is clear whether it closes all that it has.

        The news may be of another session, whose descriptor had the same number until a moment ago.
        """
        if session.has_abandoned():
            session.abandon()
        elif session.is_gone():
            self.reactor.after(_DYING_S, lambda: _abandon_if_alive(session))

    def new_control(self, connection: Any, process: Process) -> Control:
        """Return the server's side of a control connection."""
        return Control(connection, process, self.table, self.processes, self.leases.expect_child, self._after_burial)

    def _after_burial(self, process: Process) -> None:
        residency = None if self.is_stopping else self.dispatcher.residency
        if residency is None:
            return
        if all(other.pid != process.pid for other in self.processes.all()):  # else that one's burial will do
            residency.sweep_when_gone(self.reactor, process.pid)

    @property
    def public_address(self) -> Address:
        """The address, as proxies name it."""
        return self.address

    def await_started(self) -> None:
        """Return at once: this is the server."""

    @property
    def ended(self) -> str | None:
        """How the server ends, once it does."""
        return self._reason

    def discard(self) -> None:
        """In a forked child: let go of everything that belongs to the parent's server."""
        self.reactor.close()
        self._endpoint.discard()
        for control in list(self._controls):
            control.connection.discard()
        for process in self.processes.all():
            for session in list(process.sessions):
                session.connection.discard()


def _abandon_if_alive(session: Session) -> None:
    """End the wait of a client that goes on without it; the burial of one that died ends it otherwise."""
    if not session.process.has_hung_up():
        session.abandon()


def _discard_in_child() -> None:
    for server in list(_servers):
        server.discard()
    _servers.clear()


os.register_at_fork(after_in_child=_discard_in_child)
