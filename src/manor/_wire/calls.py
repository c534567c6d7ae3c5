"""Calls and answers: on a session they alternate, strictly.

======== ============================ =======================================
state    may arrive at the server     may arrive at the client
======== ============================ =======================================
idle     a call                       nothing
calling  nothing (or the end)         the answer with the number of the call
======== ============================ =======================================

A client that no longer wants an answer closes the session, so no later call can ever get it.
"""

from __future__ import annotations

import enum
import struct
from typing import Final, NamedTuple

from manor.errors import ProtocolError

__all__ = ["SERVER", "Answer", "Call", "Kind", "pack_answer", "pack_call", "unpack_answer", "unpack_call"]

SERVER: Final = 0
"""The ident that means the server itself, which is no hosted object."""

_CALL: Final = struct.Struct("<BIQQH")
_ANSWER: Final = struct.Struct("<BBI")
_CALL_BYTE: Final = 0x43


class Kind(enum.IntEnum):
    """What an answer holds."""

    RESULT = 1
    PROXY = 2
    ERROR = 3


_KINDS: Final = {int(kind): kind for kind in Kind}


class Call(NamedTuple):
    """A parsed call.

    Attributes:
        number: The number of the call on its session.
        notices: How many control notices the client process had sent before this call.
        ident: The hosted object, or ``SERVER``.
        method: The method's name.
        payload: The encoded arguments.
    """

    number: int
    notices: int
    ident: int
    method: str
    payload: memoryview


class Answer(NamedTuple):
    """A parsed answer; ``confirm`` asks the client to say that the answer has arrived."""

    kind: Kind
    confirm: bool
    number: int
    payload: memoryview


def pack_call(number: int, notices: int, ident: int, method: bytes) -> bytes:
    """Return the head of a call; the encoded arguments follow it in the same frame."""
    return _CALL.pack(_CALL_BYTE, number, notices, ident, len(method)) + method


def unpack_call(data: bytearray) -> Call:
    """Parse a call."""
    size = _CALL.size
    if len(data) < size:
        raise ProtocolError(f"a call of {len(data)} bytes is too short")
    byte, number, notices, ident, length = _CALL.unpack_from(data)
    if byte != _CALL_BYTE or len(data) < size + length:
        raise ProtocolError(f"a malformed call that begins with {bytes(data[:16])!r}")
    try:
        method = data[size : size + length].decode()
    except UnicodeDecodeError:
        raise ProtocolError("the name of a method is not UTF-8") from None
    return Call(number, notices, ident, method, memoryview(data)[size + length :])


def pack_answer(kind: Kind, confirm: bool, number: int) -> bytes:
    """Return the head of an answer; the encoded result follows it in the same frame."""
    return _ANSWER.pack(kind, confirm, number)


def unpack_answer(data: bytearray) -> Answer:
    """Parse an answer."""
    if len(data) < _ANSWER.size:
        raise ProtocolError(f"an answer of {len(data)} bytes is too short")
    kind, confirm, number = _ANSWER.unpack_from(data)
    known = _KINDS.get(kind)
    if known is None:
        raise ProtocolError(f"an answer of unknown kind {kind}")
    return Answer(known, bool(confirm), number, memoryview(data)[_ANSWER.size :])
