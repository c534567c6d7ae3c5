"""What carries out the calls of a hosted object in a way of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from manor._server.dispatch import Dispatcher, Grantee
    from manor._server.objects import Hosted

__all__ = ["Carrier"]


class Carrier(Protocol):
    """Takes the place of looking up a method."""

    def call(
        self,
        dispatcher: Dispatcher,
        grantee: Grantee,
        hosted: Hosted,
        method: str,
        args: tuple[Any, ...],
        kwds: Mapping[str, Any],
    ) -> Any:
        """Carry out a call, and return what the client is told."""
