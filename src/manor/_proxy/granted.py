"""An answer that is a proxy."""

from __future__ import annotations

from typing import Any, NamedTuple

from manor._wire.tokens import Token

__all__ = ["Granted"]


class Granted(NamedTuple):
    """A method answered with an object that stays on the server.

    Attributes:
        exposed: The methods that it exposes.
        token: Names it.
        proxytype: The class that the server would use for its proxy.
        hold: Keeps it alive until the proxy has its own.
    """

    exposed: tuple[str, ...]
    token: Token
    proxytype: Any
    hold: object
