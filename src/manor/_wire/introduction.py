"""The first frame each way: the client says which process and thread it is, the server which server it is."""

import enum
import struct
from typing import Final

from manor._record import Record
from manor._wire.tokens import Route
from manor.errors import ProtocolError
from manor.limits import DEFAULT, Limits

__all__ = ["INTRODUCTION_BYTES_MAX", "Hello", "Refusal", "Role", "Welcome"]

INTRODUCTION_BYTES_MAX: Final = 4096
_HELLO: Final = struct.Struct("<BB16sIQH")
_WELCOME: Final = struct.Struct("<B16sI16sQdI?H")


class Role(enum.IntEnum):
    """What a connection is for."""

    SESSION = 1
    CONTROL = 2


class Refusal(enum.IntEnum):
    """The first byte of the server's answer: zero, or why there is none."""

    NONE = 0
    OTHER_SERIALIZER = 1
    UNKNOWN_PROCESS = 2
    STOPPING = 3


class Hello(Record):
    """What a client says of itself.

    Attributes:
        role: What the connection is for.
        serializer: Number of the serializer that the client speaks (1 pickle, 2 xmlrpclib).
        process: 16 random bytes that name the client process, or this link of it when it has several.
        pid: The client's process id, as it sees it itself.
        thread: Serial of the client's thread within its process (0 on a control connection).
        name: The name of the process.
    """

    __slots__ = ()

    role: Role
    serializer: int
    process: bytes
    pid: int
    thread: int
    name: str

    def pack(self) -> bytes:
        """Return the frame."""
        name = self.name.encode("utf-8", "replace")[:512]
        fixed = _HELLO.pack(self.role, self.serializer, self.process, self.pid, self.thread, len(name))
        return fixed + name

    @classmethod
    def unpack(cls, data: bytes | bytearray) -> "Hello":
        """Parse a frame; raise ``ProtocolError`` for anything that is no introduction."""
        if not _HELLO.size <= len(data) <= INTRODUCTION_BYTES_MAX:
            raise ProtocolError(f"an introduction of {len(data)} bytes")
        role, serializer, process, pid, thread, length = _HELLO.unpack_from(data)
        name = bytes(data[_HELLO.size :])
        if length != len(name) or role not in (1, 2):
            raise ProtocolError("a malformed introduction")
        return cls(Role(role), serializer, process, pid, thread, name.decode("utf-8", "replace"))


class Welcome(Record):
    """What a server says of itself.

    Attributes:
        refusal: ``Refusal.NONE``, or why the client is not served.
        server: 16 random bytes that name this server for as long as it runs.
        pid: The server's process id.
        machine: 16 bytes that name the machine since it was started.
        message_bytes_max: The longest message that the server takes.
        path: The Unix socket on which the server listens for clients of its own machine and user.
        pickle_lease_s: How long the server promises to keep an object for a pickle, in seconds.
        chunk_items_max: The most items that it wants to bring in one round trip of an iteration.
        debug: Whether calls are to tell from where they come.
    """

    __slots__ = ()

    refusal: Refusal
    server: bytes
    pid: int
    machine: bytes
    message_bytes_max: int
    path: str
    pickle_lease_s: float = DEFAULT.pickle_lease_s
    chunk_items_max: int = DEFAULT.chunk_items_max
    debug: bool = False

    @classmethod
    def of(cls, route: Route, limits: Limits, refusal: Refusal = Refusal.NONE, *, debug: bool = False) -> "Welcome":
        """Return what the server at the end of *route* says of itself."""
        return cls(
            refusal, route.server, route.pid, route.machine, limits.message_bytes_max, route.path,
            limits.pickle_lease_s, limits.chunk_items_max, debug,
        )  # fmt: skip

    def agreed(self, limits: Limits) -> Limits:
        """Return the bounds that hold for a client whose own are *limits*."""
        return limits.agreed(
            message_bytes_max=self.message_bytes_max,
            pickle_lease_s=self.pickle_lease_s,
            chunk_items_max=self.chunk_items_max,
        )

    def pack(self) -> bytes:
        """Return the frame."""
        path = self.path.encode("utf-8", "surrogateescape")
        bounds = (self.message_bytes_max, self.pickle_lease_s, self.chunk_items_max, self.debug)
        return _WELCOME.pack(self.refusal, self.server, self.pid, self.machine, *bounds, len(path)) + path

    @classmethod
    def unpack(cls, data: bytes | bytearray) -> "Welcome":
        """Parse a frame; raise ``ProtocolError`` for anything else."""
        if not _WELCOME.size <= len(data) <= INTRODUCTION_BYTES_MAX:
            raise ProtocolError(f"a welcome of {len(data)} bytes")
        refusal, server, pid, machine, *bounds, debug, length = _WELCOME.unpack_from(data)
        message_bytes_max, lease_s, items_max = bounds
        path = bytes(data[_WELCOME.size :])
        if length != len(path) or refusal not in tuple(Refusal):
            raise ProtocolError("a malformed welcome")
        try:
            DEFAULT.agreed(message_bytes_max=message_bytes_max, pickle_lease_s=lease_s, chunk_items_max=items_max)
        except ValueError as error:
            raise ProtocolError(f"a welcome with bounds that could never work: {error}") from None
        where = path.decode("utf-8", "surrogateescape")
        return cls(Refusal(refusal), server, pid, machine, message_bytes_max, where, lease_s, items_max, debug)
