"""What real clients said to a real server: recorded, and made by the same functions."""

import os
from pathlib import Path

from manor._transport.preamble import Proof, pack_client
from manor._wire.calls import SERVER, pack_call, pack_drop
from manor._wire.chains import pack_chain
from manor._wire.control import What
from manor._wire.introduction import Role
from tests.conformance.relay import relay
from tests.faults.stage import client
from tests.faults.strangers import canary, frame, hello, notice


def over_tcp(address: tuple[str, int]) -> list[bytes]:
    """What a client with the right key said, on each of its connections."""
    with relay(address) as middle:
        with client(middle.address) as manager:
            assert manager.Keeper().echo(b"x" * 100) == b"x" * 100
        return [b"".join(one.said_by("client")) for one in middle.conversations]


def call(ident: int, method: bytes, payload: bytes, *, number: int = 1, notices: int = 0, drops: int = 0) -> bytes:
    return frame(pack_call(number, notices, drops, ident, method), payload)


def of_the_same_user(process: bytes, ident: int, harmless: bytes) -> list[bytes]:
    """What a client of the same user may say over the Unix socket, as control connection and as session."""
    entry = pack_client(Proof.SAME_USER)
    control = [
        frame(notice(What.HOLD, ident, 1), notice(What.LEASE, ident, 100)),
        frame(notice(What.PING, 7)),
        frame(notice(What.FORK, token=os.urandom(16)), notice(What.CLAIM, token=os.urandom(16))),
        frame(notice(What.DROP, ident, 1)),
    ]
    session = [
        call(ident, b"echo", harmless, number=1),
        call(SERVER, b"dummy", harmless, number=2),
        frame(pack_drop(0, ident, 1)),
        call(ident, b"#GETVALUE", harmless, number=3),
        frame(pack_chain([os.urandom(16)], b"a.b"), pack_call(4, 0, 0, ident, b"echo"), harmless),
    ]
    return [
        entry + frame(hello(Role.CONTROL, os.urandom(16))) + b"".join(control),
        entry + frame(hello(Role.SESSION, process)) + b"".join(session),
        entry + frame(hello(Role.SESSION, process)) + control[0] + control[1],  # notices on a session
        entry + frame(hello(Role.CONTROL, os.urandom(16))) + session[0],  # a call on a control connection
        entry + frame(hello(Role.CONTROL, process)) + control[0],  # a process that has one already
    ]


def of_strangers(path: Path, ident: int) -> list[bytes]:
    """What somebody without the key may try: each holds a pickle that makes a folder at *path*."""
    pickled = canary(path)
    entry = frame(hello(Role.SESSION, os.urandom(16))), call(ident, b"echo", pickled), call(SERVER, b"create", pickled)
    return [
        pickled,
        frame(pickled),
        pack_client(Proof.KEY) + frame(pickled),
        pack_client(Proof.KEY) + b"".join(entry),
        pack_client(Proof.KEY) + pickled,
        pack_client(Proof.KEY) + bytes(48) + b"".join(entry),
        frame(hello(Role.CONTROL, os.urandom(16))) + pickled,
        # The same user, but no process that the server knows: it is refused before it is heard.
        pack_client(Proof.SAME_USER) + b"".join(entry),
    ]
