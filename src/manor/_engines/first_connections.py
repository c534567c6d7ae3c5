"""The first connections of a server are made before it runs: its owner's.

The owner makes two pairs of sockets, introduces itself on its ends, and gives the others to the server process. When
the server reports that it runs, it has found the introductions already, and the owner's first call is under way without
another round trip.
"""

from __future__ import annotations

import socket
from multiprocessing import util

from manor._codec import codec_for
from manor._proxy.dialer import Dialer
from manor._proxy.link import Link
from manor._proxy.links import adopt_link
from manor._wire.introduction import Role
from manor.limits import Limits

__all__ = ["FirstConnections"]


class FirstConnections:
    """Two pairs of sockets.

    Attributes:
        far_ends: What the server gets: the other ends of the control connection and of a session.
    """

    def __init__(self, serializer: str, limits: Limits) -> None:
        """Introduce this process and thread to the server-to-be."""
        self._dialer = Dialer("", None, codec_for(serializer), limits)
        self._control, control_end = socket.socketpair()
        self._session, session_end = socket.socketpair()
        self.far_ends = (control_end, session_end)
        self._dialer.introduce(self._control, Role.CONTROL)
        self._dialer.introduce(self._session, Role.SESSION)
        for near in (self._control, self._session):
            util.register_after_fork(near, socket.socket.close)  # the server must see our end, not hold it

    def close_far_ends(self) -> None:
        """Let go of what the server has by now."""
        for end in self.far_ends:
            end.close()

    def close(self) -> None:
        """Give up: there will be no server."""
        self.close_far_ends()
        self._control.close()
        self._session.close()

    def link(self, path: str) -> Link:
        """Return the link to the server, which listens at *path*."""
        self._dialer.address = path
        return adopt_link(self._dialer, self._control, self._session)
