"""What the owner of a server makes before the server runs, and hands to its process.

Its sockets listen already, so that whoever connects early waits instead of being refused; its arena can be used at
once; and two pairs of sockets join owner and server without a handshake. The owner's copies are closed as soon as the
process has its own: while anybody keeps one, the end of the server would not show. That includes children which other
threads fork in between.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from multiprocessing import util
from typing import Final

from manor._codec.codec import codec_for
from manor._engines.handed import File, Handed
from manor._engines.owned_link import OwnedLink
from manor._engines.starting import Starting
from manor._proxy.dialer import Dialer
from manor._proxy.links import enter_link
from manor._resident import attachment, creation
from manor._server.endpoint import Endpoint, FirstConnections, open_endpoint
from manor._transport.addresses import Address
from manor._wire.introduction import Hello, Role, Welcome
from manor.limits import Limits

__all__ = ["Beginnings"]

_under_way: Final[dict[int, Beginnings]] = {}
"""By the thread that starts a process just now."""


class _Where:
    """Where the server of an arena will be; replaced when that is known."""

    ended = None
    link = None

    def __init__(self, endpoint: Endpoint) -> None:
        self.route = endpoint.route(0)
        self.public_address = endpoint.listener.address

    def await_started(self) -> None:
        """Return: nobody has anything of this arena yet."""


class Beginnings:
    """Makes everything, or raises ``OSError`` and leaves nothing.

    Attributes:
        handed: For the server's process.
    """

    def __init__(
        self, address: Address | None, serializer: str, limits: Limits, arena_bytes_max: int, *, debug: bool
    ) -> None:
        """Listen on *address*, make an arena, and two connections."""
        self._limits = limits
        self._debug = debug
        self._dialer = Dialer("", None, codec_for(serializer), limits)
        endpoint = open_endpoint(address)
        self._arena = None
        try:
            self._arena = creation.create(_Where(endpoint), arena_bytes_max, limits.pickle_lease_s, debug=debug)
            self._control, control = socket.socketpair()
            self._session, session = socket.socketpair()
        except BaseException:
            endpoint.close()
            self._give_up_arena()
            raise
        hellos = [Hello.unpack(self._dialer.hello(role)) for role in (Role.CONTROL, Role.SESSION)]
        file = None if self._arena is None else File(self._arena.take_file())
        self.handed = Handed(endpoint, file, FirstConnections(control, hellos[0], session, hellos[1]))
        for near in (self._control, self._session):
            util.register_after_fork(near, socket.socket.close)  # the server must see our end, not hold it

    def __enter__(self) -> Handed:
        """While the process is being started."""
        _under_way[threading.get_ident()] = self
        return self.handed

    def __exit__(self, *_: object) -> None:
        _under_way.pop(threading.get_ident(), None)
        self._hand_over()

    def _hand_over(self) -> None:
        """Close what the server's process has by now."""
        endpoint, arena, first = self.handed
        endpoint.discard()
        first.control.close()
        first.session.close()
        if arena is not None and arena.number >= 0:
            os.close(arena.number)
            arena.number = -1

    def let_go(self) -> None:
        """In a forked child that is not the server: keep no end open."""
        self._hand_over()
        self._control.close()
        self._session.close()

    def give_up(self) -> None:
        """There will be no server: remove everything."""
        self.let_go()
        self.handed.endpoint.remove()
        self._give_up_arena()

    def _give_up_arena(self) -> None:
        if self._arena is not None:
            attachment.give_up(self._arena)
            self._arena = None

    def link(self, pid: int, starting: Starting) -> OwnedLink:
        """Return the link to the server, which is process *pid* and may still be starting."""
        endpoint = self.handed.endpoint
        route = endpoint.route(pid)
        self._dialer.address = route.path
        welcome = Welcome.of(route, self._limits, debug=self._debug)
        link = OwnedLink(self._dialer, self._control, self._session, welcome, starting)
        link.public_address = endpoint.listener.address
        if self._arena is None:
            link.memory.refuse()
        else:
            link.memory.adopt(self._arena)
        enter_link(link)
        return link


def _let_go_in_child() -> None:
    ours = threading.get_ident()
    for thread, beginnings in list(_under_way.items()):
        if thread != ours:
            with contextlib.suppress(OSError):
                beginnings.let_go()
    _under_way.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
