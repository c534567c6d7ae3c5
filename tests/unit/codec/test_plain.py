"""The native short way for plain values: it writes what `pickle` reads, and reads what `pickle` writes."""

import pickle
import pickletools
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from manor._native import decode_plain, encode_arguments, encode_scalar

SHORT = 1024  # a str or bytes of more bytes goes by pickle
FEW = 16  # and so do more arguments
ints = st.integers(-(2**63), 2**63 - 1)
scalars = (
    st.none()
    | st.booleans()
    | ints
    | st.sampled_from([0, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -1, -(2**31), -(2**31) - 1, 2**63 - 1, -(2**63)])
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=SHORT // 4)
    | st.binary(max_size=SHORT)
)
arguments = st.lists(scalars, max_size=FEW).map(tuple)


class Text(str):
    """Not exactly a str."""

    __slots__ = ()


class Number(int):
    """Not exactly an int."""


def is_same(one: Any, other: Any) -> bool:
    """Whether they are equal and of the same type all the way down, with -0.0 and each NaN told apart."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def joined(parts: tuple[bytes] | None) -> bytes:
    assert parts is not None
    return b"".join(parts)


@given(scalars)
@example(float("nan"))
@example(-0.0)
@example("x" * SHORT)
@example(b"x" * 256)
def test_pickle_reads_a_scalar(value: object) -> None:
    data = joined(encode_scalar(value))
    assert is_same(pickle.loads(data), value)
    assert is_same(decode_plain(data, 0), value)
    pickletools.optimize(data)  # raises when an opcode is not well-formed


@given(arguments)
@example(())
def test_pickle_reads_arguments(args: tuple[object, ...]) -> None:
    data = joined(encode_arguments(args, None))
    assert data == joined(encode_arguments(args, {}))
    assert is_same(pickle.loads(data), (args, {}))
    assert is_same(decode_plain(data, 0), (args, {}))


@given(scalars, arguments, st.binary(max_size=20))
def test_what_pickle_writes_is_read(value: object, args: tuple[object, ...], before: bytes) -> None:
    assert is_same(decode_plain(before + pickle.dumps(value, 5), len(before)), value)
    found = decode_plain(memoryview(before + pickle.dumps((args, {}), 5))[len(before) :], 0)
    if len(set(map(id, args))) == len(args):  # for one that comes twice, pickle writes that it is the first
        assert is_same(found, (args, {}))
    else:
        assert found is NotImplemented or is_same(found, (args, {}))


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        10**100,
        "x" * (SHORT + 1),
        b"x" * (SHORT + 1),
        "\ud800",
        Text("x"),
        Number(1),
        bytearray(1),
        (),
        [],
    ],
)
def test_other_values_are_not_taken(value: object) -> None:
    assert encode_scalar(value) is None
    assert encode_arguments((1, value), None) is None


@pytest.mark.parametrize("args", [[1], iter((1,)), (0,) * (FEW + 1), None, 7])
def test_other_arguments_are_not_taken(args: object) -> None:
    assert encode_arguments(args, None) is None


@pytest.mark.parametrize("kwds", [{"a": 1}, [], 7, ()])
def test_keywords_are_not_taken(kwds: object) -> None:
    assert encode_arguments((), kwds) is None


@pytest.mark.parametrize(
    "value",
    [
        2**70,
        [1],
        {},
        (1, 2),
        ((1,), {"a": 1}),
        ((1,), [], 2),
        ((1, (2,)), {}),
        (([1],), {}),
        ((0,) * (FEW + 1), {}),
        len,
        "\ud800",
    ],
)
def test_other_pickles_are_left_to_pickle(value: object) -> None:
    assert decode_plain(pickle.dumps(value, 5), 0) is NotImplemented


@pytest.mark.parametrize("protocol", range(5))
def test_other_protocols_are_left_to_pickle(protocol: int) -> None:
    assert decode_plain(pickle.dumps(1, protocol), 0) is NotImplemented


@pytest.mark.parametrize("payload", [b"", bytearray(), memoryview(b""), memoryview(bytes(8))[::2], "text", 7, None])
def test_what_has_no_bytes_is_left_to_others(payload: Any) -> None:
    assert decode_plain(payload, 0) is NotImplemented
    assert decode_plain(payload, 100) is NotImplemented


@given(st.one_of(scalars, st.tuples(arguments, st.just({}))), st.data())
def test_every_truncation_and_addition_is_left_to_pickle(value: object, data: st.DataObject) -> None:
    whole = pickle.dumps(value, 5)
    assert decode_plain(whole[: data.draw(st.integers(0, len(whole) - 1))], 0) is NotImplemented
    assert decode_plain(whole + data.draw(st.binary(min_size=1, max_size=5)), 0) is NotImplemented


OPCODES = [ord(opcode.code) for opcode in pickletools.opcodes]


@given(st.lists(st.one_of(st.sampled_from(OPCODES), st.integers(0, 255)), max_size=30).map(bytes))
@example(bytes([ord("K"), 1, ord("K"), 2, 0x85, ord("}"), 0x86]))  # one value more than the tuple takes
@example(bytes([ord("K"), 1, 0x86, ord("}"), 0x86]))  # and one less
@example(bytes([ord("("), ord(")"), ord("}"), 0x86]))
@example(bytes([ord("("), ord("K"), 1]))
def test_whatever_is_read_pickle_reads_too(garbage: bytes) -> None:
    data = pickle.PROTO + b"\x05" + garbage + pickle.STOP
    found = decode_plain(data, 0)
    if found is not NotImplemented:
        assert is_same(pickle.loads(data), found)
