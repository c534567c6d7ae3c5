"""Whether a server is alive, and if not, how it ended, as far as this process can know."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from manor._proxy.control import Control
from manor._transport.endings import ProcessWatch

__all__ = ["Fate"]

_TEARDOWN_S = 1.0
"""How long a process may take to disappear after its connections have."""


class Fate:
    """What is known of a server's end.

    Attributes:
        ended: How the server ended, in words, or None while it is taken for alive.
        exit_account: Asks whoever started the server how its process ended; None where nobody here did.
    """

    def __init__(self, pid: int | None) -> None:
        """Watch process *pid* of this machine; None where the server runs elsewhere."""
        self.ended: str | None = None
        self.exit_account: Callable[[], str | None] | None = None
        self._deciding = threading.Lock()
        self._watch: ProcessWatch | None = None
        if pid is not None:
            with contextlib.suppress(OSError):
                self._watch = ProcessWatch(pid)

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the server's process has ended; -1 for none."""
        return -1 if self._watch is None else self._watch.fileno()

    def is_over(self) -> bool:
        """Whether the server has ended, as far as can be seen without asking it."""
        watch = self._watch
        return self.ended is not None or (watch is not None and watch.wait(0))

    def decide(self, how: str) -> bool:
        """Note that the server has ended; False when that was known already."""
        with self._deciding:
            if self.ended is not None:
                return False
            self.ended = how
        if self._watch is not None:
            self._watch.close()
        return True

    def find_out(self, control: Control) -> str:
        """Return how the server ended: as it said itself, or as its process shows."""
        said = control.hear_farewell(0.0)
        if said is not None:
            return said
        watch = self._watch
        if watch is None or not watch.wait(_TEARDOWN_S):
            return "closed or lost the connection"
        account = None if self.exit_account is None else self.exit_account()
        return account or watch.how_it_ended() or "ended in a way that this process cannot see"

    def forget_parent(self) -> None:
        """In a forked child: the parent's threads are not here to let go of the lock."""
        self._deciding = threading.Lock()
        self.exit_account = None
