"""The first eight bytes each way: who speaks, which version, and how the client proves itself."""

from __future__ import annotations

import enum
from typing import Final

from manor.errors import ProtocolError

__all__ = [
    "PREAMBLE_BYTES",
    "VERSION",
    "Proof",
    "Verdict",
    "pack_client",
    "pack_server",
    "unpack_client",
    "unpack_server",
]

PREAMBLE_BYTES: Final = 8
VERSION: Final = 1
_MAGIC: Final = b"manor"


class Proof(enum.IntEnum):
    """How the client proves that it may connect."""

    SAME_USER = 1
    KEY = 2


class Verdict(enum.IntEnum):
    """What the server says before anything else is read."""

    WELCOME = 1
    OTHER_USER = 2
    BUSY = 3
    OTHER_VERSION = 4
    NEEDS_KEY = 5


def pack_client(proof: Proof) -> bytes:
    """Return the client's preamble."""
    return _MAGIC + bytes((VERSION, proof, 0))


def pack_server(verdict: Verdict) -> bytes:
    """Return the server's preamble."""
    return _MAGIC + bytes((VERSION, verdict, 0))


def _second_byte(data: bytes) -> tuple[int, int]:
    if len(data) != PREAMBLE_BYTES or data[:5] != _MAGIC or data[7] != 0:
        raise ProtocolError(f"the peer is no manor process: it began with {bytes(data[:16])!r}")
    return data[5], data[6]


def unpack_client(data: bytes) -> Proof | None:
    """Return the client's proof, or None when it speaks another version of the protocol."""
    version, proof = _second_byte(data)
    if version != VERSION:
        return None
    try:
        return Proof(proof)
    except ValueError:
        raise ProtocolError(f"unknown kind of proof {proof} in a preamble") from None


def unpack_server(data: bytes) -> Verdict:
    """Return the server's verdict."""
    version, verdict = _second_byte(data)
    if version != VERSION:
        return Verdict.OTHER_VERSION
    try:
        return Verdict(verdict)
    except ValueError:
        raise ProtocolError(f"unknown verdict {verdict} in a preamble") from None
