"""What is stored in a shared container comes out as it went in: equal, of the same type, and a copy."""

import datetime as dt
import decimal
import enum
import math
import struct
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.subjects import CONTAINERS, MANOR_FORK, on


class Whole(int):
    pass


class Real(float):
    pass


class Text(str):
    __slots__ = ()


class Data(bytes):
    pass


class Colour(enum.IntEnum):
    RED = 1


Point = namedtuple("Point", "x y")

SCALARS = [
    None, True, False, 0, 1, -1, 2**31, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 2**200, -(2**200),
    0.0, -0.0, 1.5, math.inf, -math.inf, 5e-324, 1.7976931348623157e308,
    "", "a", "é", "日本", "\U0001f600", "\0", "a\0b" * 50_000, "x" * 1_000_000, "\ud800", "a\udfffz", "\udc80" * 9,
    b"", b"\0", b"\xff" * 1_000_000, bytes(range(256)),
]  # fmt: skip
OTHERS = [
    Whole(7), Real(1.5), Text("text"), Data(b"data"), Colour.RED, Point(1, 2), 1j, decimal.Decimal("1.10"), ..., int,
    dt.datetime(2024, 2, 29, tzinfo=dt.UTC), bytearray(b"bytes" * 10_000), {1, "two"}, frozenset({1}),
    (), (1, (2, (3, "four"))), [[], {}], {"a": [1, {"b": None}]}, {1: "int", "1": "str", None: (), 2.5: 0.0},
]  # fmt: skip


def shown(value: Any) -> str:
    return repr(sorted(value, key=repr) if isinstance(value, set) else value)[:20]  # the same in every process


def is_same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("value", SCALARS + OTHERS, ids=shown)
@on(*CONTAINERS)
def test_every_container_gives_back_what_was_stored(subject: Any, manager: Any, value: Any) -> None:
    d, x, v, n = manager.dict(k=value), manager.list([value]), manager.Value("i", value), manager.Namespace(k=value)
    x.append(value)
    d["again"] = value
    for found in (d["k"], d.get("again"), d.copy()["k"], x[0], x.pop(), next(iter(x)), v.value, n.k, d.pop("k")):
        assert is_same(found, value)


@on(*CONTAINERS)
def test_minus_zero_keeps_its_sign_and_a_nan_its_bits(subject: Any, manager: Any) -> None:
    x = manager.list([-0.0])
    assert math.copysign(1.0, x[0]) == -1.0
    for bits in (0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8000000000123):
        (nan,) = struct.unpack("<d", struct.pack("<Q", bits))
        x[0] = nan
        assert struct.pack("<d", x[0]) == struct.pack("<Q", bits)


@on(*CONTAINERS)
def test_an_array_of_any_size_comes_out_writable_and_independent(subject: Any, manager: Any) -> None:
    d = manager.dict()
    for length in (0, 1, 500, 2_000, 2_048, 2_100, 100_000):
        stored = np.arange(length, dtype=np.float64)
        d["a"] = stored
        stored[:] = -1
        first, second = d["a"], d["a"]
        assert first.flags.writeable
        first[:] = -2
        for found in (second, d["a"], d.pop("a")):
            assert np.array_equal(found, np.arange(length, dtype=np.float64))


@on(*CONTAINERS)
def test_several_large_buffers_in_one_value_come_out_each_as_it_was(subject: Any, manager: Any) -> None:
    stored = {"arrays": [np.full(50_000, n, dtype=np.int32) for n in range(4)], "bytes": bytearray(b"b" * 100_000)}
    x = manager.list([stored, stored])
    for found in (x[0], x.pop()):
        assert [int(array[0]) for array in found["arrays"]] == [0, 1, 2, 3]
        assert all((array == array[0]).all() and array.flags.writeable for array in found["arrays"])
        found["bytes"][0] = 0
    assert x[0]["bytes"] == stored["bytes"]


@on(*CONTAINERS)
def test_what_comes_out_is_a_copy(subject: Any, manager: Any) -> None:
    inner = [1, 2]
    d = manager.dict(k=inner)
    inner.append(3)
    d["k"].append(4)
    assert d["k"] == [1, 2]


SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**64), 2**64),
    st.floats(allow_nan=False),
    st.text(st.characters(codec=None)),
    st.binary(max_size=20_000),
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4), st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUE)
@on(MANOR_FORK)
def test_any_value_makes_the_round_trip(subject: Any, manager: Any, value: Any) -> None:
    d, x, v = manager.dict(k=value), manager.list([None, value]), manager.Value("i", value)
    for found in (d["k"], x[1], v.value):
        assert is_same(found, value)
        assert repr(found) == repr(value), "down to the signs of zeros"
