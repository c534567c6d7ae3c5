"""The link of a server's owner: it is there before the server runs, and waits for that when it needs to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Final

from manor._engines.starting import Starting
from manor._proxy.deadlines import Patience, current_end
from manor._proxy.dialer import Dialer
from manor._proxy.link import Link
from manor._proxy.sessions import Session
from manor._transport.connection import LOST, known_peer
from manor._wire.introduction import Welcome
from manor.errors import CallTimeout, ManorError, ProtocolError

__all__ = ["OwnedLink"]


_SECONDS_MAX: Final = 1e6
"""What every system call takes."""


def _time_left() -> float | None:
    end = current_end()
    return None if end is None else min(max(0.0, end - time.monotonic()), _SECONDS_MAX)


class _First(threading.local):
    session: Session | None = None


class OwnedLink(Link):
    """Reaches a server that this process has started."""

    def __init__(
        self, dialer: Dialer, control: socket.socket, session: socket.socket, welcome: Welcome, starting: Starting
    ) -> None:
        """Use connections whose other ends the server has got.

        Args:
            dialer: Opens further ones.
            control: The control connection.
            session: A session of the current thread.
            welcome: What the server would say of itself.
            starting: Tells whether the server runs.
        """
        super().__init__(dialer, known_peer(control, dialer.limits), welcome)
        self._starting: Starting | None = starting  # until somebody knows that it is over
        self._has_served = False
        self._first = _First()
        self._first.session = self._sessions.add(known_peer(session, dialer.limits))

    def await_started(self) -> None:
        """Return when the server runs.

        Raises:
            ManagerStartError: It could not start; says why.
            ManagerDied: Likewise, and somebody was told already.
            CallTimeout: It does not within the caller's ``deadline``.
        """
        starting = self._starting
        if starting is None:
            return
        if not starting.wait(_time_left()):
            raise CallTimeout(f"the manager at {self._where()} has not started yet")
        self._starting = None
        failure = starting.failure
        if failure is not None and not self._has_served:
            self.end(f"could not start: {failure}")
            raise failure

    def untold_failure(self, timeout: float) -> Exception | None:
        """Return why the server could not start, by its own account, if nobody has been told.

        The start may take *timeout* seconds from now.
        """
        starting, self._starting = self._starting, None
        if starting is None:
            return None
        if self._has_served:  # so it runs, whatever it has yet to do
            starting.forget()
            return None
        if not starting.wait(timeout):
            return None
        failure = starting.failure
        return failure if failure is not None and failure.__cause__ is not None else None

    def _open_session(self, patience: Patience) -> Session:
        session, self._first.session = self._first.session, None
        if session is None:
            if not self._has_served:
                self.await_started()
            return super()._open_session(patience)
        self._await_offer(session)
        try:
            session.connection.accept_mailboxes(patience.seconds)
        except TimeoutError:
            session.connection.close()
            raise self._timed_out("accept a connection", patience.seconds or 0.0) from None
        except (*LOST, ProtocolError) as error:
            session.connection.close()
            self.await_started()  # if that is what failed, it is the reason
            self._lost(error)
        self._has_served = True
        return session

    def _await_offer(self, session: Session) -> None:
        """Return when the server has turned to *session*, or will not."""
        starting = self._starting
        try:
            if starting is None or not starting.wait_or_readable(session.connection.fileno(), _time_left()):
                self.await_started()
        except BaseException:
            self._first.session = session  # for another call, if the caller had no time
            raise

    def before_fork(self) -> bytes | None:
        """As for any link; a child finds a server that runs, or knows that there is none."""
        if self._starting is not None and not self._has_served and self._starting.wait(self.limits.handshake_s):
            with contextlib.suppress(ManorError):
                self.await_started()
        return super().before_fork()

    def after_fork_in_child(self, token: bytes | None) -> None:
        """As for any link; the start is the parent's business."""
        if self._starting is not None:
            self._starting.forget()
            self._starting = None
        self._first = _First()
        super().after_fork_in_child(token)
