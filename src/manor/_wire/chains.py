"""The chain of calls that a call is part of, as it is told to the next server.

A method of a hosted object that calls an object of another server has its own caller wait meanwhile, and that one's
caller, and so on: the chain. A call out of a chain has the chain in front of it, in the same frame. So a server to
which a chain comes back knows which of its own calls wait for the one that has arrived.

A chain is *tokens*, one for each server that it went through, and a text for messages. A token is random, is known only
to those that the call went through, and means something only to the server that made it, and only as long as that
server's call waits. So one that was made up, or is too old, means nothing.

Calls made outside of any hosted method tell nothing: ``depart`` is None in a process that hosts no such object.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from manor.errors import ProtocolError

__all__ = ["CHAIN_BYTE", "TOKEN_BYTES", "Departure", "pack_chain", "readable", "take_chain"]

CHAIN_BYTE: Final = 0x48
TOKEN_BYTES: Final = 16
_HEAD: Final = struct.Struct("<BBH")
_TOKENS_MAX: Final = 255
_TEXT_BYTES_MAX: Final = 4000
_LEFT_OUT: Final = b" [...] "


class Departure(Protocol):
    """A call that leaves this process as part of a chain."""

    @property
    def head(self) -> bytes:
        """What to send in front of it."""

    def end(self) -> None:
        """Note that nobody waits for it any more."""


def _same(function: Callable[[], Any]) -> Callable[[], Any]:
    return function


depart: Callable[[], Departure | None] | None = None
"""Returns the departure of a call that this thread makes now, or None outside of any chain; set by what has chains."""

for_another_thread: Callable[[Callable[[], Any]], Callable[[], Any]] = _same
"""Returns a function for another thread, for whose end this one is going to wait: it is part of the same chain."""


def pack_chain(tokens: Sequence[bytes], text: bytes) -> bytes:
    """Return what comes in front of a call; of a text that is too long, the middle is left out."""
    if len(tokens) > _TOKENS_MAX:
        tokens = tokens[-_TOKENS_MAX:]
    if len(text) > _TEXT_BYTES_MAX:
        part = (_TEXT_BYTES_MAX - len(_LEFT_OUT)) // 2
        text = text[:part] + _LEFT_OUT + text[-part:]
    return b"".join((_HEAD.pack(CHAIN_BYTE, len(tokens), len(text)), *tokens, text))


def take_chain(message: bytearray) -> tuple[list[bytes], bytes]:
    """Take the chain away from the front of a call, and return its tokens and its text."""
    if len(message) < _HEAD.size:
        raise ProtocolError(f"a chain of {len(message)} bytes")
    _, count, length = _HEAD.unpack_from(message)
    at = _HEAD.size + count * TOKEN_BYTES
    end = at + length
    if length > _TEXT_BYTES_MAX or len(message) < end:
        raise ProtocolError(f"a malformed chain that begins with {bytes(message[:16])!r}")
    tokens = [bytes(message[start : start + TOKEN_BYTES]) for start in range(_HEAD.size, at, TOKEN_BYTES)]
    text = bytes(message[at:end])
    del message[:end]
    return tokens, text


def readable(text: bytes) -> str:
    """Return the text of a chain for a message to people, whatever it is."""
    found = text.decode("utf-8", "replace")
    return found if found.isprintable() else "".join(each if each.isprintable() else "?" for each in found)
