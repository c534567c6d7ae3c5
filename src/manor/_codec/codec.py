"""The two serializers that ``BaseManager(serializer=...)`` names, behind one interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from manor._codec import pickles
from manor._codec.pickles import Buffer
from manor._native import decode_plain
from manor.errors import ProtocolError, RemoteError, ServerTraceback

__all__ = ["Codec", "codec_for"]


class Codec(ABC):
    """Turns values and exceptions into payloads and back.

    Attributes:
        name: What users pass as ``serializer``.
        number: What an introduction says.
    """

    name: str
    number: int

    @abstractmethod
    def encode(self, value: object) -> Sequence[Buffer]:
        """Return the parts of a payload; raise whatever the value's own pickling raises."""

    def encode_plain(self, args: tuple[Any, ...], kwds: Mapping[str, Any] | None) -> Sequence[Buffer] | None:
        """Return the parts of the payload of ``(args, kwds)`` if there is a short way for them; otherwise None."""
        return None

    @abstractmethod
    def decode(self, payload: memoryview) -> Any:
        """Return the value of a payload."""

    def decode_plain(self, payload: bytearray | memoryview, start: int) -> Any:
        """Return the value that begins at *start* if it is plain: no class has a part in it. Or ``NotImplemented``."""
        return NotImplemented

    @abstractmethod
    def encode_record(self, record: tuple[Any, ...]) -> Sequence[Buffer]:
        """Return the payload of *record*, which tells of a proxy by names; the last names its class, if known."""

    @abstractmethod
    def encode_error(self, error: BaseException) -> Sequence[Buffer]:
        """Return an exception as a payload; never fails."""

    @abstractmethod
    def decode_error(self, payload: memoryview) -> BaseException:
        """Return the exception of a payload, with the server's traceback in its chain."""


class _PickleCodec(Codec):
    name = "pickle"
    number = 1
    encode = staticmethod(pickles.dumps)
    encode_plain = staticmethod(pickles.dumps_plain)
    decode = staticmethod(pickles.loads)
    decode_plain = staticmethod(decode_plain)

    def encode_record(self, record: tuple[Any, ...]) -> Sequence[Buffer]:
        return [pickles.dumps_builtins(record, 5)]

    def encode_error(self, error: BaseException) -> Sequence[Buffer]:
        from manor._codec.exceptions import pack_exception  # only when things went wrong

        return [pack_exception(error)]

    def decode_error(self, payload: memoryview) -> BaseException:
        from manor._codec.exceptions import unpack_exception  # likewise

        return unpack_exception(payload)


class _XmlCodec(Codec):
    """XML-RPC's types only, and nothing is ever unpickled; an exception outside the built-ins arrives as text."""

    name = "xmlrpclib"
    number = 2

    def encode_record(self, record: tuple[Any, ...]) -> Sequence[Buffer]:
        return self.encode((*record[:-1], None))  # the other side is not to import what it is told to

    def encode(self, value: object) -> Sequence[Buffer]:
        import xmlrpc.client  # used by next to nobody, and slow to import

        text = xmlrpc.client.dumps(cast("Any", (value,)), allow_none=True)
        return [text.encode()]

    def decode(self, payload: memoryview) -> Any:
        import xmlrpc.client

        (value,) = cast("Any", xmlrpc.client.loads(bytes(payload).decode())[0])
        return value

    def encode_error(self, error: BaseException) -> Sequence[Buffer]:
        import traceback

        text = "".join(traceback.format_exception(error))
        cls = type(error)
        arguments = [arg for arg in error.args if type(arg) in (bool, int, float, str)]
        name = cls.__qualname__ if cls.__module__ == "builtins" and len(arguments) == len(error.args) else ""
        return self.encode([name, arguments, text])

    def decode_error(self, payload: memoryview) -> BaseException:
        import builtins

        name, arguments, text = self.decode(payload)
        cls = getattr(builtins, name, None) if name else None
        if not (isinstance(cls, type) and issubclass(cls, BaseException)):
            return RemoteError(text)
        error: BaseException = cls(*arguments)
        error.__cause__ = ServerTraceback(text)
        return error


_CODECS: Final[dict[object, Codec]] = {}
for _codec in (_PickleCodec(), _XmlCodec()):
    _CODECS[_codec.name] = _CODECS[_codec.number] = _codec


def codec_for(serializer: str | int) -> Codec:
    """Return the codec of that name or number; raise ``ProtocolError`` or ``ValueError`` for an unknown one."""
    codec = _CODECS.get(serializer)
    if codec is not None:
        return codec
    if isinstance(serializer, int):
        raise ProtocolError(f"unknown serializer number {serializer}")
    raise ValueError(f"unknown serializer {serializer!r}: 'pickle' or 'xmlrpclib'")
