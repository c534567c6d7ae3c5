"""Pickle 5, large buffers out of band, with multiprocessing's reducers.

A payload begins with a pickle (whose first byte is always 0x80), or, when it has buffers out of band, with
``B``, the count of buffers, the length of the pickle and of each buffer; then the pickle and the buffers.

Long ``bytes`` that are an argument or a result themselves are part of the pickle, but not copied into it: what is
around them is written here, and what comes out is what the pickler would have written.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
from collections.abc import Mapping, Sequence
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

from manor._codec import reducers  # noqa: F401 - registers them
from manor._native import encode_arguments, encode_scalar
from manor.errors import ProtocolError

__all__ = ["REFUSALS", "Buffer", "dumps", "dumps_builtins", "dumps_plain", "loads", "loads_whole"]

REFUSALS: Final = (pickle.PicklingError, TypeError, AttributeError)
"""What pickling raises for a value that it cannot take."""
Buffer = bytes | bytearray | memoryview
_IN_BAND_BYTES_MAX: Final = 16384
_NO_KWDS: Final[dict[str, Any]] = {}
dumps_builtins: Final = pickle.dumps
"""For values made of nothing but the built-in types, exactly; takes the protocol, too, which is 5."""
loads_whole: Final = pickle.loads
"""For payloads that are nothing but a pickle."""
_SCALARS: Final = frozenset((type(None), bool, int, float, str, bytes))
_HEAD: Final = struct.Struct("<cI")
_BEGIN: Final = pickle.PROTO + b"\x05"
_BINBYTES: Final = struct.Struct("<cI")
_BINBYTES8: Final = struct.Struct("<cQ")
_BINBYTES_MAX: Final = 0xFFFFFFFF
_PICKLE_BYTE: Final = 0x80
_reducers: dict[type, Any] = {}
_reducers_count = (-1, -1)


def _current_reducers() -> dict[type, Any]:
    """Merge copyreg's and multiprocessing's tables anew whenever either has grown."""
    global _reducers, _reducers_count
    own: dict[type, Any] = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
    count = (len(copyreg.dispatch_table), len(own))
    if count != _reducers_count:
        _reducers = {**copyreg.dispatch_table, **own}
        _reducers_count = count
    return _reducers


class _Pickler(pickle.Pickler):
    """The C pickler; a class of its own so that it can have a ``dispatch_table``."""


def dumps(value: object) -> Sequence[Buffer]:
    """Return the parts of a payload, to be sent one after the other."""
    if type(value) in _SCALARS:
        short = encode_scalar(value)
        if short is not None:
            return short
        if type(value) is bytes and len(value) >= _IN_BAND_BYTES_MAX:
            return [_BEGIN + _bytes_opcode(len(value)), value, pickle.STOP]
        return [pickle.dumps(value, 5)]
    buffers: list[memoryview] = []

    def aside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _IN_BAND_BYTES_MAX:
            return True
        buffers.append(raw)
        return False

    out = io.BytesIO()
    pickler = _Pickler(out, 5, buffer_callback=aside)
    pickler.dispatch_table = _current_reducers()
    pickler.dump(value)
    # No copy is made of it. A view of the BytesIO in a cycle of garbage would crash Python 3.12.1 and others
    # (https://github.com/python/cpython/issues/111049), and have 3.13 print that close() failed.
    data = out.getvalue()
    if not buffers:
        return [data]
    sizes = struct.pack(f"<Q{len(buffers)}Q", len(data), *(buffer.nbytes for buffer in buffers))
    return [_HEAD.pack(b"B", len(buffers)) + sizes, data, *buffers]


def dumps_plain(args: tuple[Any, ...], kwds: Mapping[str, Any] | None) -> Sequence[Buffer] | None:
    """Return the parts of the payload of a call whose arguments are few and plain, the short way; otherwise None."""
    short = encode_arguments(args, kwds)
    if short is not None:
        return short
    if kwds:
        return None
    long = False
    for arg in args:
        kind = type(arg)
        if kind not in _SCALARS:
            return None
        if kind is bytes and len(arg) >= _IN_BAND_BYTES_MAX:
            long = True
    return _dumps_long(args) if long else [dumps_builtins((args, _NO_KWDS), 5)]


def _dumps_long(args: tuple[Any, ...]) -> list[Buffer]:
    parts: list[Buffer] = [_BEGIN + pickle.MARK]
    for arg in args:
        if type(arg) is bytes and len(arg) >= _IN_BAND_BYTES_MAX:
            parts += _bytes_opcode(len(arg)), arg
        else:
            parts.append(dumps_builtins(arg, 5)[len(_BEGIN) : -len(pickle.STOP)])
    parts.append(pickle.TUPLE + pickle.EMPTY_DICT + pickle.TUPLE2 + pickle.STOP)
    return parts


def _bytes_opcode(length: int) -> bytes:
    if length <= _BINBYTES_MAX:
        return _BINBYTES.pack(pickle.BINBYTES, length)
    return _BINBYTES8.pack(pickle.BINBYTES8, length)


def loads(payload: memoryview | bytes | bytearray) -> Any:
    """Return the value; arrays from out-of-band buffers are writable views into *payload*."""
    if len(payload) and payload[0] == _PICKLE_BYTE:
        return pickle.loads(payload)
    data, buffers = _split(memoryview(payload))
    return pickle.loads(data, buffers=buffers)


def _split(payload: memoryview) -> tuple[memoryview, list[memoryview]]:
    try:
        mark, count = _HEAD.unpack_from(payload)
        if mark != b"B" or count * 8 > len(payload):
            raise ProtocolError("a payload that is no pickle")
        sizes = struct.unpack_from(f"<Q{count}Q", payload, _HEAD.size)
    except struct.error:
        raise ProtocolError(f"a payload of {len(payload)} bytes is cut short") from None
    at = _HEAD.size + 8 * (count + 1)
    if at + sum(sizes) != len(payload):
        raise ProtocolError("the lengths in a payload do not add up")
    pieces = []
    for size in sizes:
        pieces.append(payload[at : at + size])
        at += size
    return pieces[0], pieces[1:]
