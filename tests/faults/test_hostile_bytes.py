"""Bytes from strangers on a server's sockets: whatever they are, other clients do not notice.

Every case prints its number; `MANOR_SEED=... pytest -k name` repeats it.
"""

import os
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manor._codec.pickles import dumps
from manor._transport.preamble import Proof, Verdict, pack_client, pack_server, unpack_server
from manor._wire.calls import pack_call
from manor._wire.chains import pack_chain
from manor._wire.control import What, pack_pong
from manor._wire.introduction import Refusal, Role, Welcome
from tests.faults.conversations import call, of_strangers, of_the_same_user, over_tcp
from tests.faults.stage import Attacked, attacked
from tests.faults.strangers import Stranger, canary, delivered, frame, hello, mutated, notice, process_of_strangers

CASES = 200  # by each start method
MANY_CASES = 2_500
HARMLESS = b"".join(bytes(part) for part in dumps(((b"x" * 50,), {})))


@pytest.fixture(scope="module", params=["fork", "spawn"])
def server(request: pytest.FixtureRequest) -> Iterator[Attacked]:
    with attacked(method=request.param) as found:
        yield found


def attack(address: Any, data: bytes, rng: random.Random) -> None:
    """Say something in some manner; the server has to hang up."""
    with Stranger(address) as stranger:
        stranger.say(delivered(data, rng))
        if rng.random() < 0.1:
            stranger.reset()
        else:
            stranger.hang_up()
            stranger.hear_end()


def besiege(server: Attacked, address: Any, conversations: list[bytes], rng: random.Random, cases: int) -> None:
    for number in range(cases):
        data = mutated(rng.choice(conversations), rng, conversations)
        print(f"case {number}: {data[:200].hex()}")
        attack(address, data, rng)
        server.check(number)
    server.check_unharmed()


def ident_of(server: Attacked) -> int:
    return int(server.keeper._id, 16)


# Fuzzing


def fuzz_tcp(server: Attacked, rng: random.Random, cases: int) -> None:
    besiege(server, server.tcp, over_tcp(server.tcp), rng, cases)


def fuzz_local(server: Attacked, rng: random.Random, cases: int) -> None:
    with process_of_strangers(server.path) as process:
        besiege_from_within = of_the_same_user(process, ident_of(server), HARMLESS)
        for number in range(cases):
            data = mutated(rng.choice(besiege_from_within), rng, besiege_from_within)
            print(f"case {number}: {data[:200].hex()}")
            attack(server.path, data, rng)
            server.check(number)
    server.check_unharmed()


def test_mutated_conversations_over_tcp_harm_nobody(server: Attacked, rng: random.Random) -> None:
    fuzz_tcp(server, rng, CASES)


def test_mutated_conversations_of_the_same_user_harm_nobody(server: Attacked, rng: random.Random) -> None:
    fuzz_local(server, rng, CASES)


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_thousands_of_mutated_conversations_over_tcp_harm_nobody(server: Attacked, rng: random.Random) -> None:
    fuzz_tcp(server, rng, MANY_CASES)


@pytest.mark.stress
@pytest.mark.timeout(900)
def test_thousands_of_mutated_conversations_of_the_same_user_harm_nobody(server: Attacked, rng: random.Random) -> None:
    fuzz_local(server, rng, MANY_CASES)


@pytest.mark.parametrize("over", ["tcp", "path"])
def test_nothing_from_a_stranger_is_unpickled(server: Attacked, rng: random.Random, tmp_path: Path, over: str) -> None:
    path = tmp_path / "unpickled"
    conversations = of_strangers(path, ident_of(server))
    for data in conversations:
        attack(getattr(server, over), data, rng)
    besiege(server, getattr(server, over), conversations, rng, CASES // 3)
    assert not path.exists()


def test_the_canary_of_these_tests_sings(tmp_path: Path, server: Attacked) -> None:
    pickle.loads(canary(tmp_path / "here"))
    assert (tmp_path / "here").exists()
    with process_of_strangers(server.path) as process, Stranger(server.path) as insider:
        assert insider.enter(Role.SESSION, process).refusal is Refusal.NONE
        insider.say([call(ident_of(server), b"echo", canary(tmp_path / "there"))])
        insider.hang_up()
        insider.hear_end()
    assert (tmp_path / "there").exists()
    server.check_unharmed()


@pytest.mark.parametrize("over", ["tcp", "path"])
def test_a_conversation_that_is_cut_anywhere_harms_nobody(server: Attacked, over: str) -> None:
    with process_of_strangers(server.path) as process:
        conversations = of_the_same_user(process, ident_of(server), HARMLESS)[:2]
        if over == "tcp":
            conversations = [conversation[:300] for conversation in over_tcp(server.tcp)]
        for data in conversations:
            for length in range(0, len(data), 1 if length_is_short(data) else 3):
                with Stranger(getattr(server, over)) as stranger:
                    stranger.say([data[:length]])
        server.check(1)
    server.check_unharmed()


def length_is_short(data: bytes) -> bool:
    return len(data) < 200


def test_a_recorded_conversation_cannot_be_replayed(server: Attacked) -> None:
    for data in over_tcp(server.tcp):
        with Stranger(server.tcp) as stranger:
            stranger.say([data])
            stranger.hang_up()
            heard = stranger.hear_end()
        assert unpack_server(heard[:8]) is Verdict.WELCOME
        assert len(heard) < 150  # the server's part of the handshake, and not one answer
    server.check_unharmed()


# One thing wrong at a time


def test_another_version_is_told_so_and_refused(server: Attacked) -> None:
    preamble = bytearray(pack_client(Proof.SAME_USER))
    preamble[5] += 1
    with Stranger(server.path) as stranger:
        stranger.say([bytes(preamble)])
        assert stranger.hear_end() == pack_server(Verdict.OTHER_VERSION)


def test_over_tcp_the_word_of_the_kernel_is_not_enough(server: Attacked) -> None:
    with Stranger(server.tcp) as stranger:
        stranger.say([pack_client(Proof.SAME_USER), frame(hello(Role.CONTROL, os.urandom(16)))])
        assert stranger.hear_end() == pack_server(Verdict.NEEDS_KEY)


def test_a_session_of_a_process_that_the_server_does_not_know_is_refused(server: Attacked) -> None:
    with Stranger(server.path) as stranger:
        assert stranger.enter(Role.SESSION, os.urandom(16)).refusal is Refusal.UNKNOWN_PROCESS
        stranger.hear_end()
    server.check_unharmed()


def test_a_second_control_connection_of_a_process_is_refused_and_the_first_lives_on(server: Attacked) -> None:
    process = os.urandom(16)
    with Stranger(server.path) as first:
        first.enter(Role.CONTROL, process)
        with Stranger(server.path) as second:
            second.say([pack_client(Proof.SAME_USER), frame(hello(Role.CONTROL, process))])
            assert second.hear_end() == pack_server(Verdict.WELCOME)
        assert first.ping(5) == pack_pong(5)
        with Stranger(server.path) as session:
            assert session.enter(Role.SESSION, process).refusal is Refusal.NONE
    server.check_unharmed()


@pytest.mark.parametrize(
    "frames",
    [
        frame(notice(What.PING, 1)),
        frame(b"\xff" * 40),
        frame(b"C"),
        frame(b"D"),
        call(0, b"dummy", HARMLESS)[:20],
        call(0, b"\xff\xfe", HARMLESS),
        b"\xff" * 8 * 50 + b"\x01",
        bytes(8 * 50) + b"\x01",
        (2**62).to_bytes(8, "little"),
        call(0, b"dummy", HARMLESS, notices=2**64 - 1),
        call(0, b"dummy", HARMLESS, drops=2**64 - 1),
        call(0, b"dummy", b""),
        call(0, b"dummy", b"\x80"),
        call(0, b"dummy", b"B" + bytes(100)),
        call(2**64 - 1, b"echo", HARMLESS),
        frame(b"H"),
        frame(b"H\xff\xff\xff"),
        frame(pack_chain([os.urandom(16)] * 255, b"x" * 4000)),
        frame(pack_chain([], b""), pack_chain([], b""), pack_call(1, 0, 0, 0, b"dummy"), HARMLESS),
    ],
    ids=[
        "notices", "unknown", "short call", "short drop", "cut call", "no UTF-8", "doorbells", "confirmations",
        "oversized", "notices to come", "drops to come", "no payload", "no pickle", "no buffers", "no object",
        "short chain", "cut chain", "chain without a call", "two chains",
    ],
)  # fmt: skip
def test_nonsense_on_a_session_ends_the_session_and_nothing_else(server: Attacked, frames: bytes) -> None:
    with process_of_strangers(server.path) as process:
        with Stranger(server.path) as other, Stranger(server.path) as session:
            assert other.enter(Role.SESSION, process).refusal is Refusal.NONE
            assert session.enter(Role.SESSION, process).refusal is Refusal.NONE
            session.say([frames])
            session.hang_up()
            session.hear_end()
            server.check(1)
            other.say([call(ident_of(server), b"keep", dumped(("heard", len(frames))))])
            other.hang_up()
            other.hear_end()
        assert server.keeper.kept("heard") == len(frames)
    server.check_unharmed()


def dumped(args: tuple[object, ...]) -> bytes:
    return b"".join(bytes(part) for part in dumps((args, {})))


@pytest.mark.parametrize(
    "frames",
    [
        call(0, b"dummy", HARMLESS),
        frame(b"\xff" * 29),
        frame(notice(What.PING, 1)[:-1]),
        frame(notice(What.PING, 1), b"x"),
        (2**62).to_bytes(8, "little"),
        frame(notice(What.DROP, 2**64 - 1, 2**32 - 1)),
        frame(notice(What.LEASE, 2**64 - 1, 2**32 - 1)),
        frame(*(notice(What.CLAIM, token=os.urandom(16)) for _ in range(100))),
    ],
    ids=["call", "unknown", "cut", "too long", "oversized", "drop nothing", "lease nothing", "claim nothing"],
)
def test_nonsense_on_a_control_connection_ends_it_and_nothing_else(server: Attacked, frames: bytes) -> None:
    with Stranger(server.path) as stranger:
        assert stranger.enter(Role.CONTROL, os.urandom(16)).refusal is Refusal.NONE
        stranger.say([frames])
        stranger.hang_up()
        stranger.hear_end()
    server.check_unharmed()


def test_an_introduction_that_is_too_long_is_not_read(server: Attacked) -> None:
    for length in (4097, 1 << 20, 2**63, 2**64 - 2):
        with Stranger(server.path) as stranger:
            stranger.say([pack_client(Proof.SAME_USER)])
            assert unpack_server(stranger.hear(8)) is Verdict.WELCOME
            stranger.say([length.to_bytes(8, "little"), bytes(min(length, 1 << 20))])
            stranger.hang_up()
            assert stranger.hear_end() == b""
    server.check_unharmed()


def test_a_process_that_drops_what_it_does_not_hold_takes_nothing_from_others(server: Attacked) -> None:
    with Stranger(server.path) as stranger:
        stranger.enter(Role.CONTROL, os.urandom(16))
        stranger.say([frame(*(notice(What.DROP, ident, 2**31) for ident in range(1, 50)))])
        assert stranger.ping(9) == pack_pong(9)
    server.check_unharmed()


def test_a_server_says_who_it_is_to_the_same_user_only(server: Attacked) -> None:
    with Stranger(server.path) as insider:
        welcome = insider.enter(Role.CONTROL, os.urandom(16))
    assert isinstance(welcome, Welcome)
    assert welcome.path == server.path
    with Stranger(server.tcp) as stranger:
        stranger.say([pack_client(Proof.KEY), bytes(200)])
        stranger.hang_up()
        assert welcome.path.encode() not in stranger.hear_end()
