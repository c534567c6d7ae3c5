"""Calls and answers: on a session they alternate, strictly; between them a client may drop objects.

======== ============================ =======================================
state    may arrive at the server     may arrive at the client
======== ============================ =======================================
idle     a call, a drop, a regret     nothing
calling  nothing (or the end)         the answer with the number of the call
======== ============================ =======================================

A drop says what the notice DROP says on the control connection, but wakes no other thread of a busy server. It counts
the notices before it, as a call does, so that it cannot overtake the hold that it ends.

A regret says that the last answer was confirmed too early: an exception kept it from the client's user, and what the
call took is to be given back.

A call that is part of a chain of calls has that in front of it (``chains``).

A client that no longer wants an answer closes the session, so no later call can ever get it.
"""

from __future__ import annotations

import enum
import struct
from typing import Final

from manor.errors import ProtocolError

__all__ = [
    "ANSWER_BYTES",
    "CALL_BYTE",
    "DROP_BYTE",
    "REGRET",
    "REGRET_BYTE",
    "SERVER",
    "Kind",
    "pack_answer",
    "pack_call",
    "pack_drop",
    "unpack_answer",
    "unpack_call",
    "unpack_drop",
]

SERVER: Final = 0
"""The ident that means the server itself, which is no hosted object."""

_CALL: Final = struct.Struct("<BIQQQH")
_DROP: Final = struct.Struct("<BQQI")
_ANSWER: Final = struct.Struct("<BBI")
CALL_BYTE: Final = 0x43
DROP_BYTE: Final = 0x44
REGRET: Final = b"R"
REGRET_BYTE: Final = REGRET[0]
_CALL_BYTES: Final = _CALL.size
ANSWER_BYTES: Final = _ANSWER.size


class Kind(enum.IntEnum):
    """What an answer holds."""

    RESULT = 1
    PROXY = 2
    ERROR = 3


_KINDS: Final = frozenset(int(kind) for kind in Kind)


def pack_call(number: int, notices: int, drops: int, ident: int, method: bytes) -> bytes:
    """Return the head of a call; the encoded arguments follow it in the same frame."""
    return _CALL.pack(CALL_BYTE, number, notices, drops, ident, len(method)) + method


def pack_drop(notices: int, ident: int, credits_: int) -> bytes:
    """Return the frame by which a client gives back credits of an object."""
    return _DROP.pack(DROP_BYTE, notices, ident, credits_)


def unpack_drop(data: bytearray) -> tuple[int, int, int]:
    """Parse a drop: how many notices came before it, the object's ident, and the credits given back."""
    if len(data) != _DROP.size or data[0] != DROP_BYTE:
        raise ProtocolError(f"no drop, but {len(data)} bytes that begin with {bytes(data[:16])!r}")
    _, notices, ident, credits_ = _DROP.unpack(data)
    return notices, ident, credits_


def unpack_call(data: bytearray) -> tuple[int, int, int, int, str, memoryview]:
    """Parse a call.

    Returns:
        The number of the call on its session; how many control notices and how many drops the client process had sent
        before it; the ident of the hosted object, or ``SERVER``; the name of the method; and the encoded arguments.
    """
    if len(data) < _CALL_BYTES:
        raise ProtocolError(f"a call of {len(data)} bytes is too short")
    byte, number, notices, drops, ident, length = _CALL.unpack_from(data)
    start = _CALL_BYTES + length
    if byte != CALL_BYTE or len(data) < start:
        raise ProtocolError(f"a malformed call that begins with {bytes(data[:16])!r}")
    try:
        method = data[_CALL_BYTES:start].decode()
    except UnicodeDecodeError:
        raise ProtocolError("the name of a method is not UTF-8") from None
    return number, notices, drops, ident, method, memoryview(data)[start:]


def pack_answer(kind: Kind, confirm: bool, number: int) -> bytes:
    """Return the head of an answer; the encoded result follows it in the same frame.

    Args:
        kind: What the answer holds.
        confirm: Whether the client is to say that the answer has arrived.
        number: The number of the call.
    """
    return _ANSWER.pack(kind, confirm, number)


def unpack_answer(data: bytearray, number: int) -> tuple[int, int]:
    """Parse the head of the answer to call *number*, which is ``ANSWER_BYTES`` long.

    Returns:
        Its ``Kind``, as a plain number; and whether to confirm it.
    """
    if len(data) < ANSWER_BYTES:
        raise ProtocolError(f"an answer of {len(data)} bytes is too short")
    kind, confirm, answered = _ANSWER.unpack_from(data)
    if answered != number:
        raise ProtocolError(f"an answer to call {answered} where {number} was asked")
    if kind not in _KINDS:
        raise ProtocolError(f"an answer of unknown kind {kind}")
    return kind, confirm
