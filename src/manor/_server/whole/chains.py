"""The turns that each thread of the server has."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from manor._server.whole.turns import Turn

__all__ = ["Chain", "chain_here", "here", "lock"]

lock: Final = threading.RLock()
"""Of all that is in this package. Re-entrant: a finalizer may run anywhere, and cancel a call or make one."""

os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


class Chain:
    """The turns that a thread has.

    Attributes:
        calls: What runs in each of them, the outermost first.
        waits_for: The turn that the thread stands in line for, or None.
    """

    __slots__ = ("calls", "waits_for")

    def __init__(self) -> None:
        self.calls: list[tuple[Turn, str]] = []
        self.waits_for: Turn | None = None

    def names(self) -> list[str]:
        """Return what runs, in words."""
        return [f"{turn.what}.{method}" for turn, method in self.calls]


class _Here(threading.local):
    def __init__(self) -> None:
        self.chain = Chain()


here: Final = _Here()
"""Its ``chain`` is that of the current thread."""


def chain_here() -> Chain:
    """Return the chain of this thread."""
    return here.chain
