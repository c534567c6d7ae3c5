"""Values as payloads: they come back as they were, large buffers beside the pickle, and garbage is an error."""

import array
import collections
import gc
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manor._codec import pickles
from manor._codec.codec import codec_for
from manor._codec.pickles import dumps, loads
from manor.errors import ProtocolError

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=20,
)
LARGE = 16_384  # from here on a buffer goes beside the pickle
PICKLE = codec_for("pickle")


def joined(value: object) -> bytes:
    return b"".join(bytes(part) for part in dumps(value))


def back(value: Any) -> Any:
    return loads(bytearray(joined(value)))


@given(values)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    assert back(value) == value


@given(st.lists(scalars, max_size=4).map(tuple), st.dictionaries(st.text(max_size=5), scalars, max_size=3))
def test_plain_arguments_come_back_as_they_were(args: tuple[object, ...], kwds: dict[str, object]) -> None:
    plain = PICKLE.encode_plain(args, kwds)
    found_args, found_kwds = back((args, kwds)) if plain is None else loads(bytearray(b"".join(plain)))
    assert (tuple(found_args), dict(found_kwds)) == (args, kwds)


@pytest.mark.parametrize("size", [0, 1, LARGE - 1, LARGE, LARGE + 1, 10 * LARGE])
def test_buffers_come_back_and_can_be_written_to(size: int) -> None:
    found = back(np.arange(size, dtype=np.uint8))
    assert np.array_equal(found, np.arange(size, dtype=np.uint8))
    found += 1
    assert isinstance(back(bytearray(size)), bytearray)
    assert back(bytes(size)) == bytes(size)


def test_a_large_buffer_is_not_copied_on_either_side() -> None:
    data = np.arange(LARGE, dtype=np.uint8)
    parts = dumps(data)
    assert len(parts) == 3
    assert np.shares_memory(np.frombuffer(parts[2], np.uint8), data)
    payload = bytearray(b"".join(bytes(part) for part in parts))
    assert np.shares_memory(loads(payload), np.frombuffer(payload, np.uint8))


@pytest.mark.parametrize("limit", [0xFFFFFFFF, LARGE], ids=["long", "longer than 4 GB"])
def test_long_bytes_are_not_copied_by_the_sender(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "_BINBYTES_MAX", limit)
    data = bytes(range(256)) * (LARGE // 256)
    for value in (data, data + b"x"):
        parts = dumps(value)
        assert any(part is value for part in parts)
        assert pickle.loads(b"".join(parts)) == value
        args = (1, value, "two", None, value, b"short", 0.5)
        plain = PICKLE.encode_plain(args, None)
        assert plain is not None
        assert sum(part is value for part in plain) == 2
        assert pickle.loads(b"".join(plain)) == (args, {})


def test_bytes_that_are_not_long_go_in_one_part() -> None:
    value = bytes(LARGE - 1)
    assert len(dumps(value)) == 1
    assert len(PICKLE.encode_plain((value,), None) or []) == 1


def test_many_buffers_stay_apart() -> None:
    found = back([np.full(LARGE, number) for number in range(20)])
    assert [int(one.sum()) for one in found] == [number * LARGE for number in range(20)]


def test_a_payload_in_a_cycle_of_garbage_goes_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    gc.collect()
    said.clear()  # what others left behind
    cycle: list[object] = [dumps({"a": [1]}), dumps([np.zeros(LARGE, np.uint8)])]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert said == []


@pytest.mark.parametrize(
    "value",
    [
        np.ones((200, 300), order="F"), np.ones((300, 300))[::2, ::3], np.array(3.5), np.zeros((0, 3)),
        np.array(["a", "bc"] * 9_000), np.zeros(3_000, dtype=[("x", "i4"), ("y", "f8")]),
    ],
    ids=["Fortran", "strided", "scalar", "empty", "strings", "records"],
)  # fmt: skip
def test_arrays_of_every_layout_come_back(value: Any) -> None:
    found = back(value)
    assert found.dtype == value.dtype
    assert np.array_equal(found, value)


def test_multiprocessings_reducers_are_used() -> None:
    assert back(array.array("d", [1, 2.5])) == array.array("d", [1, 2.5])
    assert back({1: 2}.items()) == [(1, 2)]
    assert back(collections.OrderedDict(a=1)) == collections.OrderedDict(a=1)


@given(st.binary(max_size=100))
def test_garbage_beside_a_pickle_is_an_error(garbage: bytes) -> None:
    with pytest.raises((ProtocolError, pickle.UnpicklingError, EOFError)):
        loads(b"B" + garbage)
    with pytest.raises(ProtocolError):
        loads(b"?" + garbage)


def test_every_truncation_of_buffers_is_an_error() -> None:
    data = joined([np.arange(LARGE, dtype=np.uint8), np.arange(LARGE, dtype=np.uint8)])
    assert data[:1] == b"B"
    for length in [*range(200), *range(200, len(data), 997), len(data) - 1]:
        with pytest.raises(ProtocolError):
            loads(data[:length])


def test_a_count_of_buffers_costs_nothing_until_they_are_there() -> None:
    with pytest.raises(ProtocolError):
        loads(b"B\xff\xff\xff\xff" + bytes(100))
    with pytest.raises(ProtocolError):
        loads(b"B\x01\0\0\0" + b"\xff" * 16 + bytes(100))


def test_serializers_have_names_and_numbers() -> None:
    for serializer in ("pickle", "xmlrpclib"):
        codec = codec_for(serializer)
        assert codec.name == serializer
        assert codec_for(codec.number) is codec
    with pytest.raises(ProtocolError):
        codec_for(99)
    with pytest.raises(ValueError, match="'pickle' or 'xmlrpclib'"):
        codec_for("yaml")


def test_xmlrpc_takes_its_own_types_and_never_unpickles() -> None:
    codec = codec_for("xmlrpclib")
    payload = b"".join(bytes(part) for part in codec.encode([1, "two", None, 3.5]))
    assert codec.decode(memoryview(payload)) == [1, "two", None, 3.5]
    with pytest.raises(Exception, match=r".*"):
        codec.decode(memoryview(pickle.dumps(1)))
