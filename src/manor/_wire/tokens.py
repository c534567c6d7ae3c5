"""Tokens name a hosted object; a route says how a process of the same machine reaches its server."""

from typing import Any, Final

from manor._record import Record
from manor.errors import ObjectGone

__all__ = ["Route", "Token"]

_IDENT_MAX: Final = 2**64 - 1


class Route(Record):
    """Where a server runs.

    Attributes:
        server: 16 random bytes that name the server for as long as it runs.
        machine: 16 bytes that name its machine.
        path: The Unix socket on which it takes clients of its own machine and user without a key.
        pid: Its process id.
    """

    __slots__ = ()

    server: bytes
    machine: bytes
    path: str
    pid: int


class Token:
    """Names a hosted object.

    Attributes:
        typeid: The name under which its type is registered.
        address: The server's address.
        id: The object's number on its server, in hexadecimal, or the offset and generation of one in shared memory;
            never used again for another object.
        route: How to reach the server from its own machine, or None when that is unknown.
    """

    __slots__ = ("address", "id", "route", "typeid")

    def __init__(self, typeid: str, address: Any, id: str, route: Route | None = None) -> None:  # noqa: A002 - the standard library's name
        self.typeid: str = typeid
        self.address: Any = address
        self.id: str = id
        self.route: Route | None = route if route is None or type(route) is Route else Route(*route)

    @property
    def ident(self) -> int:
        """The number itself; raise ``ObjectGone`` for what is none, or can never have been given to an object."""
        try:
            ident = int(self.id, 16)
        except (TypeError, ValueError):
            ident = 0
        if not 0 < ident <= _IDENT_MAX:
            raise ObjectGone(f"no manager can ever have hosted an object {self.id!r}")
        return ident

    @property
    def handle(self) -> tuple[int, int] | None:
        """Offset and generation of an object in shared memory; None for one that only its server has."""
        if "-" not in str(self.id):
            return None
        at, _, generation = self.id.partition("-")
        try:
            return int(at, 16), int(generation, 16)
        except ValueError:
            raise ObjectGone(f"no manager can ever have hosted an object {self.id!r}") from None

    @staticmethod
    def id_of(handle: tuple[int, int]) -> str:
        """Return the id of the object in shared memory that *handle* names."""
        return f"{handle[0]:x}-{handle[1]:x}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Token, (self.typeid, self.address, self.id, self.route and tuple(self.route))

    def __repr__(self) -> str:
        return f"Token(typeid={self.typeid!r}, address={self.address!r}, id={self.id!r})"
