"""Notices on the control connection of a client process; the server answers only a ping.

All notices have one size, so a frame holds any number of them. Both sides count them: a call says how many came
before it, and the server takes those first. So what one thread dropped is gone when another calls.
"""

import enum
import struct
from typing import Final

from manor._record import Record
from manor.errors import ProtocolError

__all__ = [
    "Farewell",
    "Notice",
    "Pong",
    "What",
    "pack_farewell",
    "pack_notice",
    "pack_pong",
    "unpack_news",
    "unpack_notices",
]

_NOTICE: Final = struct.Struct("<BQI16s")
_NEWS: Final = struct.Struct("<BQ")


class What(enum.IntEnum):
    """What a notice says."""

    HOLD = 1
    """This process holds *ident* through ``number`` more credits."""
    DROP = 2
    """This process gives back ``number`` credits of *ident*."""
    LEASE = 3
    """This process made a pickle of a proxy of *ident*."""
    FORK = 4
    """A child about to be forked holds, under *token*, all that this process holds now."""
    CLAIM = 7
    """This process is the child announced as *token* and has said what it holds."""
    GOODBYE = 5
    """This process ends in good order; what it holds by locks stays held."""
    PING = 6
    """Answer with a pong that carries *ident*."""


_WHAT: Final = {int(what): what for what in What}
_PONG_BYTE: Final = 1
_FAREWELL_BYTE: Final = 2


class Notice(Record):
    """One notice; fields that its kind does not use are zero."""

    __slots__ = ()

    what: What
    ident: int = 0
    number: int = 0
    token: bytes = bytes(16)


class Pong(Record):
    """The server's answer to a ping."""

    __slots__ = ()

    number: int


class Farewell(Record):
    """Why the server ends, said before it closes its connections."""

    __slots__ = ()

    reason: str


def pack_notice(notice: Notice) -> bytes:
    """Return the notice's bytes."""
    return _NOTICE.pack(*notice)


def unpack_notices(data: bytearray) -> list[Notice]:
    """Parse a frame of notices."""
    if len(data) % _NOTICE.size or not data:
        raise ProtocolError(f"a control frame of {len(data)} bytes")
    notices = []
    for byte, ident, count, token in _NOTICE.iter_unpack(data):
        what = _WHAT.get(byte)
        if what is None:
            raise ProtocolError(f"a notice of unknown kind {byte}")
        notices.append(Notice(what, ident, count, token))
    return notices


def pack_pong(number: int) -> bytes:
    """Return the answer to a ping."""
    return _NEWS.pack(_PONG_BYTE, number)


def pack_farewell(reason: str) -> bytes:
    """Return the server's last words."""
    return _NEWS.pack(_FAREWELL_BYTE, 0) + reason.encode()[:2048]


def unpack_news(data: bytearray) -> Pong | Farewell:
    """Parse what the server said on a control connection."""
    if len(data) >= _NEWS.size:
        byte, number = _NEWS.unpack_from(data)
        if byte == _PONG_BYTE and len(data) == _NEWS.size:
            return Pong(number)
        if byte == _FAREWELL_BYTE:
            return Farewell(data[_NEWS.size :].decode("utf-8", "replace"))
    raise ProtocolError(f"a malformed control message of {len(data)} bytes")
