"""Chains of calls in front of calls: they come back as they were, and whatever is none is a ProtocolError."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor._wire.calls import pack_call
from manor._wire.chains import CHAIN_BYTE, pack_chain, readable, take_chain
from manor.errors import ProtocolError

CALL = pack_call(1, 2, 3, 4, b"method")
tokens = st.lists(st.binary(min_size=16, max_size=16), max_size=255)


@given(tokens, st.binary(max_size=4000))
def test_a_chain_is_taken_from_the_front_of_a_call(found: list[bytes], text: bytes) -> None:
    message = bytearray(pack_chain(found, text) + CALL)
    assert take_chain(message) == (found, text)
    assert message == CALL


def test_of_a_chain_that_is_too_long_the_end_is_kept_and_of_its_text_both_ends() -> None:
    found = [number.to_bytes(16, "big") for number in range(1000)]
    taken, text = take_chain(bytearray(pack_chain(found, b"first" + b"x" * 100_000 + b"last") + CALL))
    assert taken == found[-255:]
    assert len(text) <= 4000
    assert text[:5] + text[-4:] == b"firstlast"


def test_the_text_of_a_chain_is_harmless() -> None:
    assert readable(b"a\n\x1b[2J\xff\0b") == "a??[2J\ufffd?b"
    assert readable("Größe 1.call".encode()) == "Größe 1.call"


@given(st.binary(max_size=300))
def test_other_bytes_are_no_chain(data: bytes) -> None:
    message = bytearray(bytes((CHAIN_BYTE,)) + data)
    before = len(message)
    try:
        found, text = take_chain(message)
    except ProtocolError:
        assert len(message) == before
    else:
        assert 4 + 16 * len(found) + len(message) <= before
        assert len(text) <= 4000


@pytest.mark.parametrize("length", [0, 1, 3, 19, 25])
def test_a_chain_that_is_cut_is_none(length: int) -> None:
    with pytest.raises(ProtocolError):
        take_chain(bytearray(pack_chain([bytes(16)], b"abcdefg")[:length]))
