"""Servers that run in this very process, as proxies see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from manor._proxy.link import Link

__all__ = ["LocalServer", "local_servers"]


class LocalServer(Protocol):
    """A server that runs in this process."""

    def local_link(self) -> Link:
        """Return what takes the place of a link."""

    def leaving(self) -> Callable[[], None]:
        """Before a fork: return what makes a client's link of that in the child."""


local_servers: dict[bytes, LocalServer] = {}
"""Servers of this process by their 16 bytes; whoever runs one enters it here."""
