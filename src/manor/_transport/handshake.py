"""From a raw socket to a connection whose peer is known: the first bytes of both sides.

Nothing that arrives here is unpickled, and nothing is read for longer than the handshake may last. On a Unix
socket the kernel vouches for the user on both sides; otherwise, or when the client insists on a key, both prove
by a Noise handshake (NNpsk0, http://noiseprotocol.org/noise.html) that they know it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from typing import Final

from manor._transport.connection import Connection, known_peer
from manor._transport.peers import peer_of, same_user
from manor._transport.preamble import (
    PREAMBLE_BYTES,
    Proof,
    Verdict,
    pack_client,
    pack_server,
    unpack_client,
    unpack_server,
)
from manor.errors import AuthenticationError, ProtocolError, ServerBusy
from manor.limits import Limits

__all__ = ["accept_peer", "connect_peer", "noise_key", "refuse_busy"]

_FRAME: Final = struct.Struct("<Q")
"""The head of a frame, as ``Connection`` writes it: the length of the message."""
_POLL_S_MAX: Final = 1e6
_REFUSALS: Final = {
    Verdict.OTHER_USER: (
        AuthenticationError,
        "the manager's server runs as another user: connect to it with its authkey",
    ),
    Verdict.NEEDS_KEY: (AuthenticationError, "over a network the manager's server wants its authkey"),
    Verdict.BUSY: (ServerBusy, "the manager's server has too many connections in their handshake; try again"),
    Verdict.OTHER_VERSION: (ProtocolError, "the manager's server speaks another version of manor's protocol"),
}


def noise_key(authkey: bytes) -> bytes:
    """Return the 32-byte pre-shared key for an ``authkey`` of any length."""
    import hashlib  # loads OpenSSL, which clients and servers of one machine and user need not

    return hashlib.blake2b(authkey, digest_size=32, person=b"manor authkey").digest()


def _read_exactly(sock: socket.socket, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the peer did not introduce itself in time")
        sock.settimeout(left)
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError("the peer closed the connection before it introduced itself")
        data += more
    return data


def _await_word(sock: socket.socket, deadline: float, server: int) -> None:
    """Return when the server has said something, or its time is over."""
    poller = select.poll()
    poller.register(sock.fileno(), select.POLLIN)
    if server >= 0:
        poller.register(server, select.POLLIN)
    ready = dict(poller.poll(min(max(0.0, deadline - time.monotonic()), _POLL_S_MAX) * 1000))
    if server in ready and sock.fileno() not in ready:
        raise EOFError("the server's process ended before it introduced itself")


def _is_local(sock: socket.socket) -> bool:
    return sock.family == socket.AF_UNIX


def _prove_key(connection: Connection, key: bytes, *, initiator: bool, local: bool, left: float) -> None:
    prove = connection.authenticate if local else connection.secure
    try:
        prove(key, initiator, left)
    except PermissionError:
        raise AuthenticationError(
            "the two sides do not have the same authkey: give both managers the same authkey=...; a program that "
            "loads a proxy over the network sets multiprocessing.current_process().authkey first"
        ) from None


def _introduce(sock: socket.socket, first: bytes) -> None:
    """Say, to a server of our own machine and user, who we are, and send the first message, all in one go."""
    sock.sendall(pack_client(Proof.SAME_USER) + _FRAME.pack(len(first)) + first)


def connect_peer(
    sock: socket.socket, key: bytes | None, first: bytes, limits: Limits, timeout: float, server: int = -1
) -> Connection:
    """Shake hands as the client, send the first message, and return the connection.

    Args:
        sock: A connected socket; it belongs to the connection afterwards, and is closed on failure.
        key: The result of ``noise_key``, or None to rely on the kernel's word for the user.
        first: The first message. A server that need not be convinced gets it at once, which saves a round trip.
        limits: Bounds of the connection.
        timeout: How long it may take, in seconds.
        server: A pidfd of the server's process, whose end ends the wait; or -1.

    Raises:
        AuthenticationError: The server refused us, or runs as another user.
        TimeoutError: It took longer than *timeout*.
    """
    deadline = time.monotonic() + timeout
    local = _is_local(sock)
    with sock:
        if key is None and not (local and same_user(sock)):
            who = f"user {peer_of(sock).uid}" if local else "another machine"
            raise AuthenticationError(f"the server runs as {who}: connecting to it takes its authkey")
        sock.settimeout(max(0.0, timeout))
        # A server that is too busy to hear us has said so and closed: that is still there to be read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if key is None:
                _introduce(sock, first)
            else:
                sock.sendall(pack_client(Proof.KEY))
        connection = _admitted(sock, limits, deadline, server)
    if key is not None:
        try:
            left = max(0.0, deadline - time.monotonic())
            _prove_key(connection, key, initiator=True, local=local, left=left)
            connection.send([first], left)
        except BaseException:
            connection.close()
            raise
    return connection


def _admitted(sock: socket.socket, limits: Limits, deadline: float, server: int) -> Connection:
    _await_word(sock, deadline, server)
    verdict = unpack_server(_read_exactly(sock, PREAMBLE_BYTES, deadline))
    if verdict is not Verdict.WELCOME:
        kind, text = _REFUSALS[verdict]
        raise kind(text)
    return known_peer(sock, limits)


def accept_peer(sock: socket.socket, authkey: bytes, limits: Limits) -> Connection:
    """Shake hands as the server, and return the connection; the socket is closed on failure."""
    deadline = time.monotonic() + limits.handshake_s
    local = _is_local(sock)
    with sock:
        proof = unpack_client(_read_exactly(sock, PREAMBLE_BYTES, deadline))
        verdict = Verdict.WELCOME
        if proof is None:
            verdict = Verdict.OTHER_VERSION
        elif proof is Proof.SAME_USER and not local:
            verdict = Verdict.NEEDS_KEY
        elif proof is Proof.SAME_USER and not same_user(sock):
            verdict = Verdict.OTHER_USER
        sock.sendall(pack_server(verdict))
        if verdict is not Verdict.WELCOME:
            raise AuthenticationError(f"refused a client: {verdict.name}")
        connection = known_peer(sock, limits)
    if proof is Proof.KEY:
        try:
            left = max(0.0, deadline - time.monotonic())
            _prove_key(connection, noise_key(authkey), initiator=False, local=local, left=left)
        except BaseException:
            connection.close()
            raise
    return connection


def refuse_busy(sock: socket.socket) -> None:
    """Say that a client is not even heard, since there are too many, and close."""
    with sock:
        sock.setblocking(False)
        try:
            sock.send(pack_server(Verdict.BUSY))
        except OSError:
            return
