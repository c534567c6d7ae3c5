"""A hold: what keeps a hosted object alive for this process.

All proxies of one object in one process share one hold; when the last of them goes, so does it, and its finalizer
gives back the credits that the server counted for this process. A credit that is still on its way to us is not
given back with the others, so the object survives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from manor._proxy.link import Link

__all__ = ["Hold"]


class Hold:
    """This process's hold of one object.

    Attributes:
        link: How its server is reached.
        ident: The object's number.
        credits: How often the server counted this process as a holder.
        changes: How often a proxy of this process called a method that changes the object.
        leased_until: Until when (monotonic, in seconds) the server keeps the object for pickles made here.
    """

    __slots__ = ("__weakref__", "changes", "credits", "ident", "leased_until", "link")

    def __init__(self, link: Link, ident: int) -> None:
        self.link = link
        self.ident = ident
        self.credits = 0
        self.changes = 0
        self.leased_until = 0.0

    def __del__(self) -> None:
        if self.credits:
            self.link.drop(self)
