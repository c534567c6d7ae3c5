"""Every message: it comes back as it was, and whatever is not one is a ProtocolError of whoever sent it."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor._transport import preamble
from manor._transport.preamble import Proof, Verdict
from manor._wire import calls, control
from manor._wire.control import Farewell, Notice, Pong, What
from manor._wire.introduction import INTRODUCTION_BYTES_MAX, Hello, Refusal, Role, Welcome
from manor.errors import ProtocolError

bits8, bits32, bits64 = (st.integers(0, 2**bits - 1) for bits in (8, 32, 64))
ids = st.binary(min_size=16, max_size=16)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
paths = st.binary(max_size=200).filter(lambda raw: b"\0" not in raw).map(os.fsdecode)

hellos = st.builds(Hello, st.sampled_from(Role), bits8, ids, bits32, bits64, names)
seconds = st.floats(0.001, 1e6)
welcomes = st.builds(
    Welcome,
    st.sampled_from(Refusal),
    ids,
    bits32,
    ids,
    st.integers(4096, 2**64 - 1),
    paths,
    seconds,
    bits32.filter(bool),
)
notices = st.builds(Notice, st.sampled_from(What), bits64, bits32, ids)


@given(hellos)
def test_a_client_introduces_itself(hello: Hello) -> None:
    assert Hello.unpack(hello.pack()) == hello


@given(welcomes)
def test_a_server_introduces_itself(welcome: Welcome) -> None:
    assert Welcome.unpack(welcome.pack()) == welcome


@pytest.mark.parametrize(
    "bounds", [(0, 1.0, 1), (4095, 1.0, 1), (4096, 0.0, 1), (4096, float("nan"), 1), (4096, 1.0, 0)]
)
@pytest.mark.parametrize("refusal", Refusal)
def test_a_server_cannot_ask_for_bounds_that_could_never_work(bounds: tuple[int, float, int], refusal: Refusal) -> None:
    message_bytes_max, lease_s, items_max = bounds
    welcome = Welcome(refusal, bytes(16), 1, bytes(16), message_bytes_max, "/path", lease_s, items_max)
    with pytest.raises(ProtocolError, match="bounds that could never work: Limits"):
        Welcome.unpack(welcome.pack())


def test_the_name_of_a_process_may_be_long_and_odd() -> None:
    hello = Hello(Role.SESSION, 1, bytes(16), 1, 1, "ü\ud800" * 1000)
    assert len(hello.pack()) <= INTRODUCTION_BYTES_MAX
    assert Hello.unpack(hello.pack()).name.startswith("ü?ü")


@given(st.lists(notices, min_size=1, max_size=5))
def test_notices_come_in_order(some: list[Notice]) -> None:
    frame = bytearray(b"".join(control.pack_notice(notice) for notice in some))
    assert control.unpack_notices(frame) == some


@given(bits64)
def test_a_pong_carries_the_number_of_its_ping(number: int) -> None:
    assert control.unpack_news(bytearray(control.pack_pong(number))) == Pong(number)


@given(names)
def test_a_farewell_says_why(reason: str) -> None:
    assert control.unpack_news(bytearray(control.pack_farewell(reason))) == Farewell(reason)


def test_a_farewell_is_cut_where_it_must_be_and_still_arrives() -> None:
    news = control.unpack_news(bytearray(control.pack_farewell("ü" * 5000)))
    assert isinstance(news, Farewell)
    assert news.reason.startswith("üüü")
    assert len(news.reason.encode()) <= 2048 + 2


@given(bits32, bits64, bits64, bits64, names, st.binary(max_size=50))
def test_a_call_carries_its_arguments(
    number: int, posted: int, drops: int, ident: int, method: str, payload: bytes
) -> None:
    data = bytearray(calls.pack_call(number, posted, drops, ident, method.encode()) + payload)
    assert calls.unpack_call(data) == (number, posted, drops, ident, method, memoryview(payload))


@given(bits64, bits64, bits32)
def test_a_drop_comes_back(posted: int, ident: int, credits_: int) -> None:
    assert calls.unpack_drop(bytearray(calls.pack_drop(posted, ident, credits_))) == (posted, ident, credits_)


@given(st.sampled_from(calls.Kind), st.booleans(), bits32, st.binary(max_size=50))
def test_an_answer_is_to_its_call_only(kind: calls.Kind, confirm: bool, number: int, payload: bytes) -> None:
    data = bytearray(calls.pack_answer(kind, confirm, number) + payload)
    assert calls.unpack_answer(data, number) == (kind, confirm)
    assert data[calls.ANSWER_BYTES :] == payload
    with pytest.raises(ProtocolError, match=f"answer to call {number} where {number ^ 1} was asked"):
        calls.unpack_answer(data, number ^ 1)


@pytest.mark.parametrize("proof", Proof)
def test_a_clients_preamble_says_how_it_proves_itself(proof: Proof) -> None:
    assert preamble.unpack_client(preamble.pack_client(proof)) is proof


@pytest.mark.parametrize("verdict", Verdict)
def test_a_servers_preamble_says_what_it_thinks(verdict: Verdict) -> None:
    assert preamble.unpack_server(preamble.pack_server(verdict)) is verdict


def test_another_version_is_told_apart_from_nonsense() -> None:
    newer = bytearray(preamble.pack_client(Proof.KEY))
    newer[5] += 1
    assert preamble.unpack_client(bytes(newer)) is None
    assert preamble.unpack_server(bytes(newer)) is Verdict.OTHER_VERSION


# What is no message

Unpack = Callable[[Any], object]

WHOLE: dict[str, tuple[bytes, Unpack]] = {
    "hello": (Hello(Role.SESSION, 1, bytes(16), 2, 3, "name").pack(), Hello.unpack),
    "welcome": (Welcome(Refusal.NONE, bytes(16), 1, bytes(16), 9999, "/path").pack(), Welcome.unpack),
    "notice": (control.pack_notice(Notice(What.HOLD, 1, 2)), control.unpack_notices),
    "pong": (control.pack_pong(7), control.unpack_news),
    "drop": (calls.pack_drop(1, 2, 3), calls.unpack_drop),
    "client's preamble": (preamble.pack_client(Proof.KEY), preamble.unpack_client),
    "server's preamble": (preamble.pack_server(Verdict.WELCOME), preamble.unpack_server),
}
HEADS: dict[str, tuple[bytes, Unpack]] = {
    "call": (calls.pack_call(1, 2, 3, 4, b"method"), calls.unpack_call),
    "answer": (calls.pack_answer(calls.Kind.RESULT, False, 1), lambda data: calls.unpack_answer(data, 1)),
    "farewell": (control.pack_farewell("")[:9], control.unpack_news),
}


@pytest.mark.parametrize("message", [*WHOLE, *HEADS])
def test_every_truncation_is_an_error(message: str) -> None:
    data, unpack = {**WHOLE, **HEADS}[message]
    unpack(bytearray(data))
    for length in range(len(data)):
        with pytest.raises(ProtocolError):
            unpack(bytearray(data[:length]))


@pytest.mark.parametrize("message", WHOLE)
def test_every_byte_too_many_is_an_error(message: str) -> None:
    data, unpack = WHOLE[message]
    for more in (b"\0", b"?" * 7, bytes(5000)):
        with pytest.raises(ProtocolError):
            unpack(bytearray(data + more))


@pytest.mark.parametrize("message", [*WHOLE, *HEADS])
@given(garbage=st.binary(max_size=200), rest=st.booleans())
def test_garbage_is_an_error_or_happens_to_be_a_message(message: str, garbage: bytes, rest: bool) -> None:
    data, unpack = {**WHOLE, **HEADS}[message]
    text = "some message"
    try:
        unpack(bytearray(garbage + (data[len(garbage) :] if rest else b"")))
    except ProtocolError as error:
        text = str(error)
    assert 5 < len(text) < 300  # it says what was wrong, and doesn't repeat it all


@pytest.mark.parametrize(
    ("data", "unpack"),
    [
        (b"\x03" + WHOLE["hello"][0][1:], Hello.unpack),
        (b"\x63" + WHOLE["welcome"][0][1:], Welcome.unpack),
        (b"\0" + WHOLE["notice"][0][1:], control.unpack_notices),
        (b"\x03" + WHOLE["pong"][0][1:], control.unpack_news),
        (b"c" + HEADS["call"][0][1:], calls.unpack_call),
        (b"\0" + HEADS["answer"][0][1:], HEADS["answer"][1]),
        (calls.pack_call(1, 2, 3, 4, b"\xff"), calls.unpack_call),
        (b"manos\x01\x01\0", preamble.unpack_client),
        (b"manor\x01\x09\0", preamble.unpack_client),
        (b"manor\x01\x01\x01", preamble.unpack_client),
        (b"manor\x01\x09\0", preamble.unpack_server),
    ],
)
def test_an_unknown_kind_is_an_error(data: bytes, unpack: Unpack) -> None:
    with pytest.raises(ProtocolError):
        unpack(bytearray(data))
