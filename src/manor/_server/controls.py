"""One control connection: the thread that carries out the notices of a client process, until the process ends."""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable

from manor import _log
from manor._server.adapting import release_dead
from manor._server.calls import bury
from manor._server.objects import ObjectTable
from manor._server.processes import Process, Processes
from manor._transport.connection import LOST, Connection
from manor._wire.control import Notice, What, pack_farewell, pack_pong, unpack_notices
from manor.errors import ProtocolError

__all__ = ["Control"]

_FAREWELL_S = 0.05


class Control:
    """Carries out what one client process says of itself, and buries it."""

    def __init__(
        self,
        connection: Connection,
        process: Process,
        table: ObjectTable,
        processes: Processes,
        expect_child: Callable[[bytes], None],
        after_burial: Callable[[Process], None],
    ) -> None:
        """Serve the notices that arrive on *connection*.

        Args:
            connection: Its client has been welcomed.
            process: Whose notices they are.
            table: The objects that they are about.
            processes: Where the process is entered.
            expect_child: Called with the token of a child that is being forked.
            after_burial: Called when the process's connection has ended and what the server knows of is released.
        """
        self.connection = connection
        self.process = process
        self._table = table
        self._processes = processes
        self._expect_child = expect_child
        self._after_burial = after_burial
        process.has_hung_up = self._has_hung_up

    def serve(self) -> None:
        """Carry out notices until the process ends."""
        try:
            while True:
                notices = unpack_notices(self.connection.receive())
                for notice in notices:
                    self._carry_out(notice)
                self.process.count_notices(len(notices))
        except (ProtocolError, OverflowError) as error:  # no notices, or more than Limits.message_bytes_max
            _log.warning("closed the control connection of %r: %s", self.process, error)
        except LOST:
            pass
        finally:
            self._bury()

    def _carry_out(self, notice: Notice) -> None:
        what, ident, count, token = notice
        table = self._table
        if what is What.HOLD:
            table.credit(ident, self.process, count)
        elif what is What.DROP:
            table.give_back(ident, self.process, count)
        elif what is What.LEASE:
            table.lease(ident, count / 1000)
        elif what is What.FORK:
            table.copy_credits(self.process, token)
            self._expect_child(token)
        elif what is What.CLAIM:
            if not table.claim(token):
                self._expect_child(token)
        elif what is What.GOODBYE:
            self.process.said_goodbye = True
        elif what is What.PING:
            self.connection.send([pack_pong(ident)])

    def say_farewell(self, reason: str) -> None:
        """Tell the client why the server ends."""
        try:
            self.connection.send([pack_farewell(reason)], _FAREWELL_S)
        except LOST:
            return

    def _has_hung_up(self) -> bool:
        descriptor = self.connection.fileno()
        if descriptor < 0:
            return True
        poller = select.poll()
        poller.register(descriptor, select.POLLRDHUP)
        return bool(poller.poll(0))

    def _bury(self) -> None:
        """Release what the process held, by the rules for how it ended."""
        process = self.process
        self._processes.remove(process)
        process.end()
        if not process.said_goodbye:
            bury(process)  # before its waits end: a Condition's would take the lock again for a process that lives
            release_dead(process)  # likewise, for one in shared memory
        for session in list(process.sessions):
            session.abandon()
            with contextlib.suppress(ValueError):  # its own thread was first, and has closed it
                session.connection.shutdown()
        if not process.said_goodbye:
            _log.debug("%r died", process)
            self._release_dead()
        self._table.forget(process)
        self.connection.close()
        self._after_burial(process)

    def _release_dead(self) -> None:
        release_dead(self.process)
        for hosted in self._table.all():
            for holder in (hosted.adapter, hosted.obj):
                release = getattr(type(holder), "release_dead", None)
                if release is None or not type(holder).__module__.startswith("manor._server."):
                    continue
                try:
                    release(holder, self.process)
                except Exception:  # one object that fails must not keep the others from being released
                    _log.warning("could not release %r:\n%s", hosted, _log.current_error_text())
