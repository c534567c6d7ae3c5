"""Ending leases: of pickles that never arrived, and of children that were announced and never came."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from manor._server.objects import ObjectTable

if TYPE_CHECKING:
    from manor._server.reactor import Reactor

__all__ = ["Leases"]


class Leases:
    """Has a reactor look at a table of objects whenever a lease ends.

    Attributes:
        table: The table.
    """

    def __init__(self, reactor: Reactor, fork_lease_s: float) -> None:
        """Make a table; a child that was announced may take *fork_lease_s* seconds to come."""
        self.table: ObjectTable = ObjectTable(self.wait)
        self._reactor = reactor
        self._fork_lease_s = fork_lease_s

    def expect_child(self, token: bytes) -> None:
        """Forget what a child that is being forked holds if it does not come."""
        self._reactor.after(self._fork_lease_s, lambda: self.table.forget_child(token))

    def announce_child(self, token: bytes) -> None:
        """Count a child that this very process is about to fork as a holder of all that the server refers to."""
        self.table.copy_local(token)
        self.expect_child(token)

    def wait(self) -> None:
        """Look again when the first lease ends."""
        end = self.table.next_expiry()
        if end is not None:
            self._reactor.after(max(0.0, end - time.monotonic()), self._expire)

    def _expire(self) -> None:
        freed = self.table.expire()
        if freed:  # finalizers are users' code, which must not hold up the reactor
            threading.Thread(target=freed.clear, name="manor-free", daemon=True).start()
        del freed
        self.wait()
