"""The link of this process to one server: every proxy of that server's objects calls through it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from manor import _log
from manor._codec import Codec
from manor._codec.context import travel
from manor._native import Connection
from manor._proxy.control import LOST, Control
from manor._proxy.deadlines import FOREVER, Patience, Waits, patience_for
from manor._proxy.granted import Granted
from manor._proxy.hold import Hold
from manor._proxy.identity import thread_serial
from manor._proxy.sessions import Session, Sessions
from manor._transport.addresses import Address, describe, is_path
from manor._transport.connecting import connect
from manor._transport.endings import ProcessWatch
from manor._wire.calls import Answer, Kind
from manor._wire.control import Notice, What
from manor._wire.introduction import Hello, Refusal, Role, Welcome
from manor._wire.tokens import Route, Token
from manor.errors import AuthenticationError, CallTimeout, ManagerDied, MessageTooLarge, NotPicklable, ProtocolError
from manor.limits import Limits

__all__ = ["Link"]

_REFUSALS: Final = {
    Refusal.OTHER_SERIALIZER: (ProtocolError, "the server was started with another serializer"),
    Refusal.UNKNOWN_PROCESS: (ProtocolError, "the server no longer knows this process"),
    Refusal.STOPPING: (ConnectionRefusedError, "the server is shutting down"),
}
_LEASE_MARGIN: Final = 1.25
"""A lease is asked for this many times as long as promised, so that not every pickle has to ask."""


class Link:
    """Reaches one server.

    Attributes:
        address: Where we connect.
        server: 16 bytes that name the server.
        welcome: What the server said of itself.
        public_address: The address that tokens name.
        exit_hint: How the server's process ended, when whoever started it knows.
        timeout: The longest silence to bear in any call, in seconds, or None.
    """

    def __init__(self, address: Address, key: bytes | None, codec: Codec, limits: Limits) -> None:
        """Connect, as this process's first contact with the server.

        Raises:
            OSError: As ``socket.connect`` raises it.
            AuthenticationError: Wrong key, or another user.
        """
        self.address = address
        self.codec = codec
        self.limits = limits
        self.timeout: float | None = None
        self.exit_hint: str | None = None
        self._key = key
        self._process = os.urandom(16)
        self._ended: str | None = None
        self._sessions = Sessions()
        self._holds: dict[int, weakref.ref[Hold]] = {}
        self._watch: ProcessWatch | None = None
        self._opening = threading.Lock()
        self.control, self.welcome = self._open_control(limits.handshake_s)
        self.server = self.welcome.server
        self.route = Route(self.server, self.welcome.machine, self.welcome.path, self.welcome.pid)
        self.public_address = address
        self._watch_process()

    def __repr__(self) -> str:
        state = "alive" if self._ended is None else self._ended
        return f"<link to the manager at {describe(self.address)}, pid {self.welcome.pid}: {state}>"

    # Connections

    def _open(self, role: Role, timeout: float | None) -> tuple[Connection, Welcome]:
        connection = connect(self.address, self._key, self.limits, timeout)
        try:
            thread = thread_serial() if role is Role.SESSION else 0
            name = multiprocessing.current_process().name
            hello = Hello(role, self.codec.number, self._process, os.getpid(), thread, name)
            connection.send([hello.pack()], timeout)
            welcome = Welcome.unpack(connection.receive(timeout))
            if welcome.refusal is not Refusal.NONE:
                kind, text = _REFUSALS[welcome.refusal]
                raise kind(text)
            if role is Role.SESSION and is_path(self.address):
                connection.accept_mailboxes(timeout)
        except BaseException:
            connection.close()
            raise
        return connection, welcome

    def _open_control(self, timeout: float | None) -> tuple[Control, Welcome]:
        connection, welcome = self._open(Role.CONTROL, timeout)
        return Control(connection), welcome

    def _watch_process(self) -> None:
        if is_path(self.address):
            with contextlib.suppress(OSError):
                self._watch = ProcessWatch(self.welcome.pid)

    def _open_session(self, patience: Patience) -> Session:
        try:
            connection, welcome = self._open(Role.SESSION, patience.seconds)
        except TimeoutError:
            raise self._timed_out("accept a connection", patience) from None
        except AuthenticationError:
            raise
        except (OSError, EOFError, ProtocolError) as error:
            self._lost(error)
        if welcome.server != self.server:
            connection.close()
            self._lost(ConnectionResetError("another server listens on its address now"))
        return self._sessions.add(connection)

    # Calls

    def call(
        self,
        ident: int,
        method: str,
        args: tuple[Any, ...] = (),
        kwds: Mapping[str, Any] | None = None,
        *,
        typeid: str = "object",
        waits: Waits | None = None,
    ) -> Any:
        """Call a method of a hosted object and return what it returned.

        A proxy that the method answered with comes as a ``Granted``; see there.

        Raises:
            ManagerDied: The server is gone.
            CallTimeout: It was silent for longer than the caller bears.
            NotPicklable: An argument cannot travel.
            BaseException: Whatever the method raised.
        """
        if self._ended is not None:
            self._raise_ended()
        patience = patience_for(self.timeout, waits, args, kwds or {})
        payload = self._encode(typeid, method, args, kwds or {})
        session = self._sessions.borrow() or self._open_session(patience)
        try:
            answer = self._exchange(session, ident, method, payload, patience)
            result = self._decode(answer)
            if answer.confirm:
                session.connection.confirm()
        except BaseException:
            session.connection.abandon()
            raise
        self._sessions.give_back(session)
        if answer.kind is Kind.ERROR:
            try:
                raise result
            finally:
                del result  # a frame that holds the exception that holds the frame
        return result

    def _encode(self, typeid: str, method: str, args: tuple[Any, ...], kwds: Mapping[str, Any]) -> list[Any]:
        outer, travel.recipient = travel.recipient, self
        try:
            return self.codec.encode((args, dict(kwds)))
        except Exception as error:
            self._explain_argument(typeid, method, args, kwds, error)
        finally:
            travel.recipient = outer

    def _explain_argument(
        self, typeid: str, method: str, args: tuple[Any, ...], kwds: Mapping[str, Any], error: Exception
    ) -> NoReturn:
        """Raise an error that names the argument that cannot be pickled."""
        named = [(f"argument {at}", value) for at, value in enumerate(args, 1)]
        named += [(f"argument {name!r}", value) for name, value in kwds.items()]
        for name, value in named:
            try:
                self.codec.encode(value)
            except Exception as reason:
                text = (
                    f"{name} of {typeid}.{method}() cannot be sent to the manager's server: "
                    f"{reprlib_repr(value)} ({type(reason).__name__}: {reason})"
                )
                if isinstance(reason, pickle.PicklingError | TypeError | AttributeError):
                    raise NotPicklable(text) from error
                error.add_note(text)
                break
        raise error

    def _exchange(
        self, session: Session, ident: int, method: str, payload: list[Any], patience: Patience
    ) -> Answer:
        try:
            try:
                return session.call(self.control.posted, ident, method, payload, patience.seconds)
            except TimeoutError:
                while patience.ping and self.control.ping(patience.seconds or 0.0):
                    with contextlib.suppress(TimeoutError):
                        return session.await_answer(patience.seconds)
                raise self._timed_out(f"answer {method}()", patience) from None
        except CallTimeout:
            raise
        except OverflowError as error:
            raise MessageTooLarge(str(error)) from None
        except LOST as error:
            self._lost(error)

    def _decode(self, answer: Answer) -> Any:
        outer, travel.sender = travel.sender, self
        try:
            if answer.kind is Kind.ERROR:
                return self.codec.decode_error(answer.payload)
            result = self.codec.decode(answer.payload)
        finally:
            travel.sender = outer
        if answer.kind is Kind.PROXY:
            exposed, id_, typeid, proxytype = result
            hold = self.hold(int(id_, 16), credited=True)
            return Granted(tuple(exposed), self.token(typeid, id_), proxytype, hold)
        return result

    def token(self, typeid: str, id_: str) -> Token:
        """Return a name for an object of this server."""
        return Token(typeid, self.public_address, id_, self.route)

    # How it ends

    def _timed_out(self, what: str, patience: Patience) -> CallTimeout:
        return CallTimeout(
            f"the manager at {describe(self.address)} (pid {self.welcome.pid}) did not {what} "
            f"within {patience.seconds:.3g} s"
        )

    def _lost(self, error: BaseException) -> NoReturn:
        """Find out whether the server is gone or only closed one connection, and raise accordingly."""
        if self._ended is None:
            alive = False
            with contextlib.suppress(*LOST):
                alive = self.control.ping(1.0)
            if alive:
                raise ProtocolError(f"the manager's server closed a connection: {error}") from error
            self.end(self._how_it_ended())
        self._raise_ended(error)

    def _how_it_ended(self) -> str:
        said = self.control.hear_farewell(0.0)
        if said is not None:
            return said
        if self.exit_hint is not None:
            return self.exit_hint
        if self._watch is not None and self._watch.wait(1.0):
            return self._watch.how_it_ended() or "ended in a way that this process cannot see"
        return "closed or lost the connection"

    def end(self, how: str) -> None:
        """Mark the server as gone: every later call raises ``ManagerDied`` at once."""
        with self._opening:
            if self._ended is not None:
                return
            self._ended = how
        _log.info("the manager at %s (pid %d) %s", describe(self.address), self.welcome.pid, how)
        self._sessions.close_all()
        self.control.close()
        if self._watch is not None:
            self._watch.close()

    @property
    def ended(self) -> str | None:
        """How the server ended, or None while it is taken for alive."""
        return self._ended

    def _raise_ended(self, cause: BaseException | None = None) -> NoReturn:
        raise ManagerDied(
            f"the manager at {describe(self.address)} (pid {self.welcome.pid}) {self._ended}"
        ) from cause

    # Holding objects

    def hold(self, ident: int, *, credited: bool) -> Hold:
        """Return this process's hold of an object; *credited* when the server has counted it already."""
        reference = self._holds.get(ident)
        found = None if reference is None else reference()
        if found is None:
            found = Hold(self, ident)
            self._holds[ident] = weakref.ref(found)
        if credited:
            found.credits += 1
        elif not found.credits:
            found.credits += 1
            self.control.post(Notice(What.HOLD, ident, 1))
        return found

    def unheld(self, ident: int) -> Hold:
        """Return a hold that keeps nothing alive."""
        return Hold(self, ident)

    def drop(self, hold: Hold) -> None:
        """Give back a hold's credits; called by its finalizer."""
        reference = self._holds.get(hold.ident)
        if reference is not None and reference() is None:
            self._holds.pop(hold.ident, None)
        if self._ended is None:
            self.control.post(Notice(What.DROP, hold.ident, hold.credits))

    def lease(self, hold: Hold) -> None:
        """Have the server keep an object for a pickle that is being made now."""
        now = time.monotonic()
        promised = self.limits.pickle_lease_s
        if hold.leased_until < now + promised:
            hold.leased_until = now + promised * _LEASE_MARGIN
            self.control.post(Notice(What.LEASE, hold.ident, int(promised * _LEASE_MARGIN * 1000)))

    def grant(self, server: bytes, ident: int) -> bool:
        """As a recipient: a call keeps its arguments' proxies alive until the server has decoded them."""
        return server == self.server

    def granted(self, server: bytes, ident: int) -> bool:
        """As a sender: the server counts this process as a holder of each of its proxies in an answer."""
        return server == self.server

    def say_goodbye(self) -> None:
        """Tell the server that this process ends in good order."""
        if self._ended is None:
            self.control.post(Notice(What.GOODBYE))

    # Fork

    def before_fork(self) -> bytes | None:
        """Announce a child; return its token, or None when the server cannot be told now."""
        if self._ended is not None or not self.control.hold_still(1.0):
            return None
        token = os.urandom(16)
        self.control.announce_fork(token)
        return token

    def after_fork_in_parent(self) -> None:
        """Go on sending."""
        self.control.go_on()

    def after_fork_in_child(self, token: bytes | None) -> None:
        """Let go of the parent's connections, and claim what the child inherited with ones of its own."""
        self.control.discard()
        self._sessions.discard_all()
        self._opening = threading.Lock()
        self._process = os.urandom(16)
        if self._ended is not None:
            return
        holds = [found for found in (reference() for reference in self._holds.values()) if found is not None]
        self._holds = {hold.ident: weakref.ref(hold) for hold in holds}
        try:
            self.control, self.welcome = self._open_control(2.0)
        except (OSError, EOFError, ProtocolError, AuthenticationError) as error:
            self._ended = f"could not be reached from a forked child: {error}"
            return
        notices = []
        for hold in holds:
            hold.credits = 1
            hold.leased_until = 0.0
            notices.append(Notice(What.HOLD, hold.ident, 1))
        if token is not None:
            notices.append(Notice(What.CLAIM, token=token))
        if notices:
            self.control.post_all(notices)


def reprlib_repr(value: object) -> str:
    """Return a short repr that cannot fail."""
    import reprlib  # only for messages

    return reprlib.repr(value)
