"""Chains of calls in front of calls: they come back as they were, and whatever is none is a ProtocolError."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor._wire.calls import pack_call
from manor._wire.chains import CHAIN_BYTE, pack_chain, take_chain
from manor.errors import ProtocolError

CALL = pack_call(1, 2, 3, 4, b"method")
tokens = st.lists(st.binary(min_size=16, max_size=16), max_size=255)


@given(tokens, st.text(st.characters(categories=["L", "N"]), max_size=1000))
def test_a_chain_is_taken_from_the_front_of_a_call(found: list[bytes], text: str) -> None:
    message = bytearray(pack_chain(found, text) + CALL)
    assert take_chain(message) == (found, text)
    assert message == CALL


def test_of_a_chain_that_is_too_long_the_end_is_kept_and_of_its_text_both_ends() -> None:
    found = [number.to_bytes(16, "big") for number in range(1000)]
    taken, text = take_chain(bytearray(pack_chain(found, "first" + "\U0001f600" * 100_000 + "last") + CALL))
    assert taken == found[-255:]
    assert len(text) <= 4000
    assert text[:5] + text[-4:] == "firstlast"


def test_the_text_of_a_chain_is_harmless() -> None:
    encoded = b"a\n\x1b[2J\xff\0b"
    head = bytes((CHAIN_BYTE, 0)) + len(encoded).to_bytes(2, "little")
    assert take_chain(bytearray(head + encoded)) == ([], "a??[2J\ufffd?b")


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
        take_chain(bytearray(pack_chain([bytes(16)], "abcdefg")[:length]))
