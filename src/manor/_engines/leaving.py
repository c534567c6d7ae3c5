"""Proxies that a child of a server has inherited from it: they call the server, which is another process now."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from manor._engines.local_link import LocalLink
from manor._proxy.dialer import Dialer
from manor._proxy.holds import Hold
from manor._proxy.link import Link
from manor._proxy.links import enter_link
from manor._resident import attachment
from manor._server.server import Server
from manor._transport.connection import known_peer
from manor._wire.introduction import Welcome

__all__ = ["leaving"]


def leaving(server: Server, local: LocalLink) -> Callable[[], None]:
    """Announce a child that is about to be forked; return what it does to be a client of the server.

    Proxies keep their link and their hold, whose classes are changed to those of a client's: what the child has of the
    server's objects is a copy, made while threads that it does not have were at work on them.
    """
    if not server.has_begun or server.is_stopping:
        return lambda: None
    token, arena, welcome = os.urandom(16), local.arena, server.welcome()
    server.leases.announce_child(token)
    return lambda: _leave(local, token, arena, welcome)


def _leave(local: LocalLink, token: bytes, arena: attachment.Arena | None, welcome: Welcome) -> None:
    holds, address = list(local.holds), local.public_address
    dialer = Dialer(local.route.path, None, local.codec, local.limits)
    vars(local).clear()
    link: Any = local
    link.__class__ = Link
    Link.__init__(link, dialer, known_peer(_closed(), dialer.limits), welcome)
    link.public_address = address
    if arena is not None:
        link.memory.adopt(arena)
        if attachment.find(link.server) is not arena:  # there was no place for this process
            link.memory.refuse()
    for hold in holds:
        hold.__class__ = Hold  # type: ignore[assignment]
    link.holds.adopt(holds)
    enter_link(link)
    link.after_fork_in_child(token)


def _closed() -> socket.socket:
    """Return a socket whose other end is closed: what a link has that cannot reach its server."""
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours
