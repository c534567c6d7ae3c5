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

from manor._native import pack_answer, pack_call
from manor._native import unpack_answer as _unpack_answer
from manor._native import unpack_call as _unpack_call
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

_DROP: Final = struct.Struct("<BQQI")
CALL_BYTE: Final = 0x43
DROP_BYTE: Final = 0x44
REGRET: Final = b"R"
REGRET_BYTE: Final = REGRET[0]
ANSWER_BYTES: Final = 6


class Kind(enum.IntEnum):
    """What an answer holds."""

    RESULT = 1
    PROXY = 2
    ERROR = 3


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
    found = _unpack_call(data)
    if found is None:
        raise ProtocolError(f"a malformed call of {len(data)} bytes that begins with {bytes(data[:16])!r}")
    return found


def unpack_answer(data: bytearray, number: int) -> tuple[int, bool]:
    """Parse the head of the answer to call *number*, which is ``ANSWER_BYTES`` long.

    Returns:
        Its ``Kind``, as a plain number; and whether to confirm it.
    """
    found = _unpack_answer(data)
    if found is None:
        raise ProtocolError(f"a malformed answer of {len(data)} bytes that begins with {bytes(data[:16])!r}")
    kind, confirm, answered = found
    if answered != number:
        raise ProtocolError(f"an answer to call {answered} where {number} was asked")
    return kind, confirm
