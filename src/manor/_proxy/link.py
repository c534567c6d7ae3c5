"""The link of this process to one server: every proxy of that server's objects calls through it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from manor import _log
from manor._codec.context import travel
from manor._proxy.arguments import encode_arguments
from manor._proxy.control import LOST, Control
from manor._proxy.deadlines import FOREVER, Patience, current_end, patience_for
from manor._proxy.dialer import Dialer
from manor._proxy.fate import Fate
from manor._proxy.holds import Hold, Holds
from manor._proxy.memory import SharedMemory
from manor._proxy.sessions import Session, Sessions
from manor._transport.addresses import describe
from manor._transport.connection import Connection
from manor._transport.peers import machine_id
from manor._wire import chains, sites
from manor._wire.calls import ANSWER_BYTES, Kind, pack_call, unpack_answer
from manor._wire.granted import Granted
from manor._wire.introduction import Role, Welcome
from manor._wire.references import Reference
from manor._wire.tokens import Route, Token
from manor.errors import AuthenticationError, CallTimeout, ManagerDied, MessageTooLarge, ProtocolError, ServerBusy

if TYPE_CHECKING:
    from manor._proxy.base import BaseProxy

__all__ = ["Link"]

_Args = tuple[Any, ...]
_Kwds = Mapping[str, Any]
_NUMBER_MASK: Final = 0xFFFFFFFF
_RESULT: Final = int(Kind.RESULT)
_ERROR: Final = int(Kind.ERROR)
_CHILD_DIAL_S: Final = 2.0
_REMOVE_LEFT: Final = Reference("manor._transport.leftovers", "remove_left")


class Link:
    """Reaches one server.

    Attributes:
        address: Where we connect.
        server: 16 bytes that name the server.
        route: How a process of the server's machine reaches it.
        public_address: The address that tokens name.
        timeout: The longest silence to bear in any call, in seconds, or None.
        asked_limits: The bounds that whoever opened the link asked for.
        limits: The bounds that hold, which the server has a say in.
        fate: Whether the server is alive.
        holds: What this process holds there.
        memory: The server's arena, and which of its objects are reached through the server all the same.
    """

    def __init__(self, dialer: Dialer, control: Connection, welcome: Welcome) -> None:
        """Reach the server that *dialer* dials, whose *welcome* came on *control*."""
        self.address = self.public_address = dialer.address
        self.asked_limits = dialer.limits
        self.limits = dialer.limits = welcome.agreed(dialer.limits)
        self._name_of = sites.named if welcome.debug else str.encode
        self.codec = dialer.codec
        self.timeout: float | None = None
        self._dialer = dialer
        self._sessions = Sessions()
        self.control = Control(control, waits=not dialer.is_local)
        self.fate = Fate(welcome.pid if welcome.machine == machine_id() else None)
        self.memory = SharedMemory(self)
        self.ident_of = self.memory.ident_of
        self.holds = Holds(self, self.control, self._sessions, self.fate)
        self.hold, self.lease = self.holds.hold, self.holds.lease
        self.server = welcome.server
        self.route = Route(welcome.server, welcome.machine, welcome.path, welcome.pid)

    arena = property(lambda self: self.memory.arena, doc="The server's arena, if this process may use it.")

    @property
    def ended(self) -> str | None:
        """How the server ended, or None while it is taken for alive."""
        return self.fate.ended

    def __repr__(self) -> str:
        return f"<link to the manager at {self._where()}: {self.fate.ended or 'alive'}>"

    def _where(self) -> str:
        return f"{describe(self.public_address)} (pid {self.route.pid})"

    def await_started(self) -> None:
        """Return when the server runs: it has welcomed us."""

    # Calls

    def call(
        self, ident: int, method: str, args: _Args = (), kwds: _Kwds | None = None, proxy: BaseProxy | None = None
    ) -> Any:
        """Call a method of a hosted object and return what it returned.

        An object that stays in the server comes as a ``Granted``. *ident* is its number, or ``SERVER``; *proxy* is whom
        the call is for. This is the hot path: what most calls do not need happens in other methods.

        Raises:
            ManagerDied: The server is gone.
            CallTimeout: It was silent for longer than the caller bears.
            NotPicklable: An argument cannot travel.
            BaseException: Whatever the method raised.
        """
        if self.fate.ended is not None:
            self._raise_ended()
        in_no_hurry = self.timeout is None and current_end() is None
        patience = FOREVER if in_no_hurry else self._patience(method, args, kwds, proxy)
        payload = self.codec.encode_plain(args, kwds) or self._encode(method, args, kwds, proxy)
        idle = self._sessions.idle.sessions
        session = idle.pop() if idle else self._open_session(patience)
        number = session.number = (session.number + 1) & _NUMBER_MASK
        session.took = False
        control = self.control
        parts = [pack_call(number, control.posted, control.dropped, ident, self._name_of(method)), *payload]
        departure = None if chains.depart is None else chains.depart()
        if departure is not None:
            parts.insert(0, departure.head)
        try:
            try:
                if control.pending:
                    control.catch_up(patience.seconds)
                data = session.connection.call(parts, patience.seconds)
            except (*LOST, OverflowError) as error:
                data = self._call_failed(session, method, patience, error)
            kind, confirm = unpack_answer(data, number)
            result = self._decode(kind, data)
            if confirm:
                session.took = True
                session.connection.confirm()
            idle.append(session)
        except BaseException:
            self._sessions.give_up(session)
            raise
        finally:
            if departure is not None:
                departure.end()
        if kind == _ERROR:
            raise result.pop()
        return result

    def mark(self) -> object:
        """Return a mark for ``give_back_since``."""
        idle = self._sessions.idle.sessions
        return (idle[-1], idle[-1].number) if idle else None

    def give_back_since(self, mark: object) -> None:
        """Give back what the last call took, if that was after *mark*: an exception keeps it from whoever called."""
        idle = self._sessions.idle.sessions
        if idle and idle[-1].took and (idle[-1], idle[-1].number) != mark:
            idle.pop().abandon()

    def _encode(self, method: str, args: _Args, kwds: _Kwds | None, proxy: BaseProxy | None) -> Sequence[Any]:
        typeid = "manager" if proxy is None else proxy._token.typeid
        return encode_arguments(self.codec, self, f"{typeid}.{method}()", args, kwds or {})

    def _patience(self, method: str, args: _Args, kwds: _Kwds | None, proxy: BaseProxy | None) -> Patience:
        waits = None if proxy is None else proxy._waits_.get(method)
        return patience_for(self.timeout, waits, args, kwds or {})

    def _decode(self, kind: int, data: bytearray) -> Any:
        """Return a result, or a list of the one error: its traceback holds frames, and no frame may hold it in turn."""
        if kind == _RESULT:
            result = self.codec.decode_plain(data, ANSWER_BYTES)
            if result is not NotImplemented:
                return result
        payload = memoryview(data)[ANSWER_BYTES:]
        travel.sender, outer = self, travel.sender
        try:
            if kind == _ERROR:
                return [self.codec.decode_error(payload)]
            result = self.codec.decode(payload)
        finally:
            travel.sender = outer
        if kind == _RESULT:
            return result
        exposed, id_, typeid, proxytype = result
        ident, _, resident = id_.partition("@")
        hold = self.memory.noted(resident, self.hold(int(ident, 16), credited=True))
        token = Token(typeid, self.public_address, resident or ident, self.route)
        return Granted(tuple(exposed), token, proxytype and Reference(*proxytype), hold)

    def _open_session(self, patience: Patience) -> Session:
        seconds = self.limits.handshake_s if patience.seconds is None else patience.seconds
        try:
            connection, welcome = self._dialer.dial(Role.SESSION, seconds, self.fate.fileno())
        except TimeoutError:
            raise self._timed_out("accept a connection", seconds) from None
        except (AuthenticationError, ServerBusy):
            raise
        except (*LOST, ProtocolError) as error:
            self._lost(error)
        if welcome.server != self.server:
            connection.close()
            self._lost(ConnectionResetError("another server listens on its address now"))
        return self._sessions.add(connection)

    # When it fails

    def _call_failed(self, session: Session, method: str, patience: Patience, error: Exception) -> bytearray:
        """Wait on for an answer, or raise what the failure means."""
        if isinstance(error, TimeoutError):
            while patience.ping and self._answers_ping(patience.seconds):
                try:
                    return session.connection.receive(patience.seconds)
                except TimeoutError:
                    continue
                except LOST as lost:
                    self._lost(lost)
            raise self._timed_out(f"answer {method}()", patience.seconds or 0.0) from None
        if isinstance(error, OverflowError):
            raise MessageTooLarge(f"{method}(): {error} (Limits.message_bytes_max)") from None
        return self._lost(error)

    def _answers_ping(self, seconds: float | None) -> bool:
        try:
            return self.control.ping(seconds or 0.0)
        except LOST as error:
            self._lost(error)

    def _timed_out(self, what: str, seconds: float) -> CallTimeout:
        return CallTimeout(f"the manager at {self._where()} did not {what} within {seconds:.3g} s")

    def _lost(self, error: BaseException) -> NoReturn:
        """Find out whether the server is gone or only closed one connection, and raise accordingly."""
        if self.fate.ended is None:
            alive = False
            with contextlib.suppress(*LOST):
                alive = self.control.ping(1.0)
            if alive and self.control.farewell is None:  # one that ends answers until it has closed everything
                raise ProtocolError(f"the manager's server closed a connection: {error}") from error
            self.end(self.fate.find_out(self.control))
            if self.route.machine == machine_id():  # a server that was killed could not
                _REMOVE_LEFT(self.route.path)
        self._raise_ended(error)

    def end(self, how: str) -> None:
        """Mark the server as gone: every later call raises ``ManagerDied`` at once."""
        if self.fate.decide(how):
            _log.info("the manager at %s %s", self._where(), how)
            self._sessions.close_all()
            self.memory.close()
            self.control.close()

    def _raise_ended(self, cause: BaseException | None = None) -> NoReturn:
        raise ManagerDied.of(f"the manager at {self._where()}", self.fate.ended) from cause

    # Proxies in calls

    def unheld(self, ident: int) -> Hold:
        """Return a hold that keeps nothing alive."""
        return Hold(self, ident)

    def grant(self, server: bytes, ident: int) -> bool:
        """As a recipient: a call keeps its arguments' proxies alive until the server has decoded them."""
        return server == self.server

    def grant_resident(self, server: bytes, typeid: str, handle: tuple[int, int]) -> int | None:
        """As a recipient: likewise for what is in shared memory."""
        return 0 if server == self.server else None

    def granted(self, server: bytes, ident: int) -> bool:
        """As a sender: the server counts this process as a holder of each of its proxies in an answer."""
        return server == self.server

    # Fork

    def before_fork(self) -> bytes | None:
        """Announce a child; return its token, or None when the server cannot be told now."""
        if self.fate.ended is not None or not self.control.hold_still(1.0):
            return None
        token = os.urandom(16)
        self.control.announce_fork(token)
        return token

    def after_fork_in_child(self, token: bytes | None) -> None:
        """Let go of the parent's connections, and claim what the child inherited with ones of its own."""
        self.memory.after_fork_in_child()
        self.control.discard()
        self._sessions.discard_all()
        self._dialer.forget_parent()
        self.fate.forget_parent()
        if self.fate.ended is not None:
            return
        try:
            connection, _ = self._dialer.dial(Role.CONTROL, _CHILD_DIAL_S)
        except (*LOST, ProtocolError, AuthenticationError) as error:
            self.fate.decide(f"could not be reached from a forked child: {error}")
            return
        self.control = Control(connection, waits=not self._dialer.is_local)
        self.holds.claim(self.control, token)
