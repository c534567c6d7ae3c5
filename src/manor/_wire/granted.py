"""An answer that is a proxy."""

from typing import NamedTuple

from manor._wire.references import Reference
from manor._wire.tokens import Token

__all__ = ["Granted"]


class Granted(NamedTuple):
    """A method answered with an object that stays on the server.

    Attributes:
        exposed: The methods that it exposes.
        token: Names it.
        proxytype: The class of its proxy as the server knows it.
        hold: Keeps it alive until the proxy has its own.
    """

    exposed: tuple[str, ...]
    token: Token
    proxytype: Reference | None
    hold: object
