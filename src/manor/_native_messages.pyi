"""The part of `manor._native` that packs and unpacks messages; there is no such module at run time."""

from collections.abc import Iterator
from typing import Any

__all__ = [
    "decode_plain", "encode_arguments", "encode_scalar", "pack_answer", "pack_call", "take_items", "unpack_answer",
    "unpack_call",
]  # fmt: skip

def pack_call(number: int, notices: int, drops: int, ident: int, method: bytes) -> bytes:
    """Returns the head of a call; the encoded arguments follow it in the same frame.

    Raises:
        OverflowError: A number of more than 64 bits (the first, 32), or a name of more than 65,535 bytes.
    """

def unpack_call(data: bytearray) -> tuple[int, int, int, int, str, memoryview] | None:
    """Returns what `pack_call` took, with the name as text, and the encoded arguments; `None`: it is no call."""

def pack_answer(kind: int, confirm: bool, number: int) -> bytes:
    """Returns the head of an answer; the encoded result follows it in the same frame.

    Args:
        kind: What the answer holds.
        confirm: Whether the client is to say that the answer has arrived.
        number: The number of the call.
    """

def unpack_answer(data: bytearray) -> tuple[int, bool, int] | None:
    """Returns what `pack_answer` took; `None`: it is no answer."""

def encode_arguments(args: object, kwds: object) -> tuple[bytes] | None:
    """Returns a pickle of `(args, {})`.

    `None`: *args* are no tuple of a few scalars that are exactly of a built-in type and short, or *kwds* are neither
    `None` nor an empty dict.
    """

def encode_scalar(value: object) -> tuple[bytes] | None:
    """Returns a pickle of a short scalar that is exactly of a built-in type; of another value, `None`."""

def decode_plain(payload: bytearray | memoryview | bytes, start: int) -> Any:
    """Returns the value whose pickle begins at *start*, without looking anything up or calling anything.

    `NotImplemented`: that is not all that follows, or no few scalars by themselves or in a pair `(args, {})`.
    """

def take_items(iterator: Iterator[Any], items: list[Any], count: int, seconds: float, /) -> tuple[Any] | None:
    """Append the next items to a list: at most so many, and none after so many seconds.

    Returns None if there may be more, else a tuple with what a generator returned. What came before an exception of
    the iterator's stays in the list.
    """
