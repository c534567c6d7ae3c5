"""For whom the current thread is encoding or decoding.

A proxy that travels inside a call needs no lease, since the call keeps it alive; one that is pickled for a queue
or a file does. Only the encoder's caller knows which it is, so it says so here before it encodes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["Recipient", "Sender", "travel"]


class Recipient(Protocol):
    """The far side of a call or an answer that is being encoded."""

    def grant(self, server: bytes, ident: int) -> bool:
        """Whether the recipient gets hold of object *ident* of *server* by the message itself."""

    def grant_resident(self, server: bytes, typeid: str, handle: tuple[int, int]) -> int | None:
        """Return by which number the recipient holds an object in shared memory, 0 if it need not; None if it may not.

        Without a number of its own, a pickle needs a lease.
        """


class Sender(Protocol):
    """The far side of a call or an answer that is being decoded."""

    def granted(self, server: bytes, ident: int) -> bool:
        """Whether the message brought a credit for object *ident* of *server*."""

    def hold(self, ident: int, *, credited: bool) -> Any:
        """Return what holds an object of the far side; *credited* when the message brought a credit for it."""


class _Travel(threading.local):
    recipient: Recipient | None = None
    sender: Sender | None = None
    storing: Any = None
    """Collects the proxies in a value that is pickled into a shared container (see ``manor._resident.boxes``)."""
    boxed: Sequence[Any] = ()
    """What the proxies in a value stand for that is being read from a shared container."""


travel = _Travel()
