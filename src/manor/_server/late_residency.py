"""When a server loads its part in shared memory: not before something needs it, or the first client has been heard."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, Final

from manor._wire.references import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manor._server.residency import Residency
    from manor._server.server import Server

__all__ = ["LateResidency"]

_RESIDENCY_OF: Final = Reference("manor._server.residency", "residency_of")


class LateResidency:
    """Opens one server's arena once."""

    def __init__(self, server: Server, bytes_max: int, fd: int) -> None:
        """Take over the arena of the memory file *fd*, later; or make one of up to *bytes_max* at once, where it is -1.

        Raises:
            OSError: The system does not provide such memory.
        """
        self._server = server
        self._fd = fd
        self._lock = threading.Lock()
        self._found: Residency | None = None
        self._is_over = bytes_max <= 0 and fd < 0
        if fd < 0:
            self._open(bytes_max)
        server.dispatcher.find_residency = self
        if fd >= 0 or self._found is not None:
            server.dispatcher.registry.make_resident = self._make

    def __call__(self) -> Residency | None:
        """Return it, or None where the server has no arena."""
        if not self._is_over:
            self._open(0)
        return self._found

    def end(self) -> None:
        """End the arena for every process."""
        with contextlib.suppress(Exception):  # it cannot be opened: clients find the server gone
            residency = self()
            if residency is not None:
                residency.end()

    def _open(self, bytes_max: int) -> None:
        with self._lock:
            if self._is_over:
                return
            found: Residency | None = _RESIDENCY_OF(self._server, bytes_max, self._fd)
            if found is not None:
                found.run_in(self._server.reactor)  # before anybody uses it
            self._found, self._is_over = found, True

    def _make(self, typeid: str, args: tuple[Any, ...], kwds: Mapping[str, Any], deep: bool) -> Any:
        residency = self()
        assert residency is not None  # noqa: S101 - else nobody was given this
        return residency.make(typeid, args, kwds, deep)
