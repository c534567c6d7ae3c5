"""``Watch``: waiting until a container in the arena changes."""

from __future__ import annotations

from typing import Any

from manor import _native

__all__ = ["Watch"]


class Watch:
    """Waits for changes of one container in the arena."""

    __slots__ = ("__weakref__", "_arena", "_native")

    _typeid = "Watch"

    def __init__(self, container: Any) -> None:
        """Begin to watch; raise ``TypeError`` for what is no container."""
        self._arena = container._arena
        self._native = _native.Watch(container)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a change since the watch began, or since the last wait that ended with one.

        Returns:
            False if there was none within *timeout* seconds.
        """
        return self._native.wait(timeout)

    def close(self) -> None:
        """Watch no longer; dropping the watch does that too."""
        self._native.close()
