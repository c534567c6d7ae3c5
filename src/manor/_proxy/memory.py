"""The shared memory of one server, as a link to it sees it.

A server on this machine sends its arena's descriptor with its welcome. It is mapped when the first object in it is
made or opened. Where there is none, or no place for another process, the objects are reached through the server, which
knows them by numbers of its own.
"""

from __future__ import annotations

import os
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from manor._resident import attachment
from manor._resident.attachment import Arena
from manor._wire.calls import SERVER
from manor._wire.tokens import Token
from manor.errors import ArenaUnavailable, ManorWarning

if TYPE_CHECKING:
    from manor._proxy.holds import Hold
    from manor._proxy.link import Link

__all__ = ["SharedMemory"]


class SharedMemory:
    """A server's arena, attached to when it is first asked for."""

    def __init__(self, link: Link) -> None:
        self._link = weakref.ref(link)
        self._arena: Arena | None = None
        self._is_decided = False
        self._holds: dict[str, weakref.ref[Hold]] = {}

    @property
    def arena(self) -> Arena | None:
        """The arena, or None where objects are reached through the server."""
        if not self._is_decided:
            self._decide()
        return self._arena

    @property
    def has_ended(self) -> bool:
        """Whether this process uses an arena which is to be used no more."""
        return self._arena is not None and self._arena.ended

    def adopt(self, arena: Arena) -> None:
        """Use the arena that this process made for a server of its own."""
        link = self._link()
        if link is not None:
            arena.hooks.where = _Where(link)
        self._is_decided, self._arena = True, arena

    def refuse(self) -> None:
        """Have every object reached through the server."""
        self._is_decided, self._arena = True, None

    def _decide(self) -> None:
        self._is_decided = True
        link = self._link()
        if link is None or link.fate.ended is not None:
            return
        self._arena = attachment.find(link.server)
        fd = link.control.connection.take_file()
        if fd is None:
            return
        try:
            if self._arena is None:
                self._arena = attachment.attach(_Where(link), fd, link.limits.pickle_lease_s)
        except (ArenaUnavailable, OSError) as error:
            warnings.warn(f"{error}: objects are reached through the manager's server", ManorWarning, stacklevel=2)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Let go of a descriptor that was never used: the server is gone."""
        self._is_decided = True

    def end(self) -> None:
        """End the arena for every process: its manager was shut down, however its server ended."""
        if self._arena is not None:
            self._arena.end()

    def after_fork_in_child(self) -> None:
        """Keep what was mapped; what was not mapped is asked for anew."""
        self._holds = {}

    # Objects of the arena that are reached through the server

    def noted(self, id_: str, hold: Hold) -> Hold:
        """Remember by which number the server knows an object of the arena; an empty *id_* is for any other."""
        if id_:
            self._holds[id_] = weakref.ref(hold)
        return hold

    def ident_of(self, token: Token) -> tuple[int, Any]:
        """Return the server's number for a token's object, and what keeps the object until it is held by that."""
        handle = token.handle
        if handle is None:
            return token.ident, None
        reference = self._holds.get(token.id)
        hold = None if reference is None else reference()
        if hold is None:
            link = self._link()
            if link is None:
                raise ReferenceError(f"the link to the manager of {token!r} is gone")
            hold = link.call(SERVER, "host", (token.typeid, *handle)).hold
        return hold.ident, hold


class _Where:
    """Where the server of an arena is, without keeping the link alive."""

    def __init__(self, link: Link) -> None:
        self._link = weakref.ref(link)
        self._address = link.public_address
        self.route = link.route

    @property
    def public_address(self) -> Any:
        """The address that tokens name."""
        link = self._link()
        return self._address if link is None else link.public_address

    @property
    def ended(self) -> str | None:
        """How the server ended, or None while it is taken for alive."""
        link = self._link()
        if link is None:
            return None
        return link.fate.ended or link.fate.find_out(link.control)

    @property
    def link(self) -> Link | None:
        """The link to the server, if it still is there."""
        return self._link()

    def await_started(self) -> None:
        """Return when the server runs."""
        link = self._link()
        if link is not None:
            link.await_started()
