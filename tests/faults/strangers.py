"""Peers that speak in raw bytes, and what they may say."""

import contextlib
import os
import pickle
import random
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from manor._transport.preamble import Proof, Verdict, pack_client, unpack_server
from manor._wire.control import Notice, What, pack_notice
from manor._wire.introduction import Hello, Role, Welcome

LIMIT_S = 20.0  # for what takes a moment, on a machine that does much else
UNHEARD_S = 0.3  # for a server to read what is sent
_LENGTH = struct.Struct("<Q")


def frame(*parts: bytes) -> bytes:
    """A message as it goes over a socket."""
    data = b"".join(parts)
    return _LENGTH.pack(len(data)) + data


def hello(role: Role, process: bytes, *, thread: int = 1, serializer: int = 1, name: str = "stranger") -> bytes:
    return Hello(role, serializer, process, os.getpid(), thread if role is Role.SESSION else 0, name).pack()


def notice(what: What, ident: int = 0, count: int = 0, token: bytes = bytes(16)) -> bytes:
    return pack_notice(Notice(what, ident, count, token))


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)


def canary(path: Path) -> bytes:
    """A payload of a call that makes a folder at *path* when it is unpickled."""
    return pickle.dumps(((Canary(path),), {}), 5)


class Stranger:
    """A client that says what it likes."""

    def __init__(self, address: Any) -> None:
        is_path = isinstance(address, str)
        self.socket = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(address)
        if not is_path:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.socket.close()

    def say(self, pieces: Iterable[bytes]) -> None:
        """Send; a server may hang up before it has heard it all, or wait for what it was told would come first."""
        self.socket.settimeout(UNHEARD_S)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            for piece in pieces:
                self.socket.sendall(piece)
        self.socket.settimeout(LIMIT_S)

    def say_slowly(self, data: bytes, pause_s: float) -> None:
        """Send a byte at a time, until the server hangs up."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for number in data:
                self.socket.sendall(bytes((number,)))
                if select.select([self.socket], [], [], pause_s)[0] and not self.socket.recv(1, socket.MSG_PEEK):
                    return

    def hang_up(self) -> None:
        """Send no more, but listen on."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close so that the peer finds the connection broken."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hear(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError(f"the server said {data!r} and hung up")
            data += more
        return data

    def hear_frame(self) -> bytes:
        (length,) = _LENGTH.unpack(self.hear(_LENGTH.size))
        return self.hear(length)

    def hear_end(self, limit_s: float = LIMIT_S) -> bytes:
        """Everything that the server says until it hangs up; TimeoutError when it doesn't."""
        data = b""
        end = time.monotonic() + limit_s
        with contextlib.suppress(ConnectionResetError):
            while True:
                self.socket.settimeout(max(0.001, end - time.monotonic()))
                more = self.socket.recv(1 << 16)
                if not more:
                    break
                data += more
        return data

    # What a client of the same user may say

    def enter(self, role: Role, process: bytes) -> Welcome:
        """Be a client over a Unix socket."""
        self.say([pack_client(Proof.SAME_USER)])
        assert unpack_server(self.hear(8)) is Verdict.WELCOME
        self.say([frame(hello(role, process))])
        return Welcome.unpack(self.hear_frame())

    def ping(self, number: int) -> bytes:
        """On a control connection: what the server answers to a ping."""
        self.say([frame(notice(What.PING, number))])
        return self.hear_frame()


@contextlib.contextmanager
def process_of_strangers(path: str) -> Iterator[bytes]:
    """The id of a process that a server knows, for as long as the context lasts."""
    process = os.urandom(16)
    with Stranger(path) as control:
        control.enter(Role.CONTROL, process)
        yield process


# How to say something wrong


def mutated(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """Change bytes in one of the ways in which bytes go wrong."""
    at = rng.randrange(len(data) + 1)
    other = rng.choice(others)
    kind = rng.randrange(9)
    if kind == 0:  # cut
        return data[:at]
    if kind == 1:  # some bits flipped
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 1, 2, 8))):
            changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        return bytes(changed)
    if kind == 2:  # something inserted
        return data[:at] + rng.randbytes(rng.randrange(1, 40)) + data[at:]
    if kind == 3:  # something missing
        return data[:at] + data[at + rng.randrange(1, 40) :]
    if kind == 4:  # something twice
        return data[:at] + data[max(0, at - rng.randrange(1, 80)) :]
    if kind == 5:  # the beginning of one and the end of another
        return data[:at] + other[rng.randrange(len(other)) :]
    if kind == 6:  # a length, or any other number, that is far off
        number = rng.choice((0, 1, 0x7FFF_FFFF, 2**32, 2**63, 2**64 - 1))
        return data[:at] + _LENGTH.pack(number) + data[at + 8 :]
    if kind == 7:  # more after the end
        return data + rng.randbytes(rng.randrange(1, 200))
    return rng.randbytes(rng.randrange(300))  # garbage


def delivered(data: bytes, rng: random.Random) -> list[bytes]:
    """Cut bytes into the pieces in which they are sent: whole, one by one, or at random."""
    manner = rng.randrange(3)
    if manner == 0:
        return [data]
    if manner == 1 and len(data) <= 600:
        return [bytes((number,)) for number in data]
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(1, 6)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
