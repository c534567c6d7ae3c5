"""Keys of many types, some of which are one key for a dict."""

import collections
import datetime as dt
import enum
import functools
import math
import pathlib
import types
import uuid
import zoneinfo
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

Pair = collections.namedtuple("Pair", "a b")
UTC = dt.timezone.utc  # noqa: UP017 - its type is meant
NEW_YORK, BERLIN = zoneinfo.ZoneInfo("America/New_York"), zoneinfo.ZoneInfo("Europe/Berlin")


class Color(enum.Enum):
    RED = 1
    CRIMSON = 1  # noqa: PIE796 - another name for it
    BLUE = 2


class Number(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    A = "a"


class OldWord(str, enum.Enum):  # noqa: UP042 - as it was done before 3.11
    A = "a"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    LOW = 1
    HIGH = 2


class Text(str):
    """A str that compares as one."""

    __slots__ = ()


class Plain(int):
    """An int that compares as one."""


class Caseless(str):
    """A str that does not compare as one."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Caseless) and self.lower() == other.lower()

    def __hash__(self) -> int:
        return hash(self.lower())


class Half:
    """A number of a user's, who says so."""

    numerator, denominator = 1, 2

    def __eq__(self, other: object) -> bool:
        return bool(Fraction(1, 2) == other)

    def __hash__(self) -> int:
        return hash(Fraction(1, 2))


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0
    note: str = field(default="", compare=False)


@dataclass(frozen=True)
class OtherPoint:
    x: Any
    y: Any = 0


@dataclass(frozen=True)
class Loose:
    x: int
    rest: list[int] = field(hash=False)


class Simple:
    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Simple) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)


class Proxy:
    """What stands for an object that is hosted somewhere."""

    def __init__(self, ident: int) -> None:
        self.ident = ident

    @property
    def _canonical_key_(self) -> tuple[str, int]:
        return "server", self.ident

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxy) and self.ident == other.ident

    def __hash__(self) -> int:
        return hash(self.ident)


def at(*fields: int, zone: Any = None, fold: int = 0) -> dt.datetime:
    return dt.datetime(*fields, tzinfo=zone, fold=fold)  # type: ignore[misc,arg-type]


def hours(count: float) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=count))


NUMBERS: list[Any] = [
    0, 1, -1, 2, True, False, 0.0, -0.0, 1.0, 1.5, 0.1, -1.0, 2**53 + 1, 2**63 - 1, 2**63, float(2**63), 2**70, 2.0**70,
    1e300, int(1e300), -(2**63), 10**400, math.inf, -math.inf, Decimal(1), Decimal("1.0"), Decimal("1.5"),
    Decimal("0.1"), Decimal(1) / 3, Decimal("-0"), Decimal("Infinity"), Decimal("1E+300"), Decimal(10**400),
    Decimal("1E+9999999"), Decimal("10E+9999998"), Decimal("1E-9999999"), Fraction(1), Fraction(3, 2), Fraction(1, 10),
    Fraction(1, 3), Fraction(0.1), Fraction(10**400, 3), 1j, complex(1, 0), complex(0, 0), complex(1.5, -0.0), 1 + 1j,
    complex(-0.0, 1), Number.ONE, Bits.LOW, Bits.LOW | Bits.HIGH, 3, Plain(1),
]  # fmt: skip
TEXTS: list[Any] = [
    "", "a", "A", b"a", b"", Text("a"), Word.A, OldWord.A,
    "\udc80", "é" * 50, None, Ellipsis,
]  # fmt: skip
TIMES: list[Any] = [
    dt.date(2024, 1, 2), at(2024, 1, 2), at(2024, 1, 2, 3, 4, 5, 6), at(2024, 1, 2, 12, zone=UTC),
    at(2024, 1, 2, 12), at(2024, 1, 2, 13, zone=hours(1)), at(2024, 1, 2, 13, zone=BERLIN),
    at(2024, 1, 2, 7, zone=NEW_YORK), at(2024, 11, 3, 1, 30, zone=NEW_YORK),
    at(2024, 11, 3, 1, 30, zone=NEW_YORK, fold=1),
    at(2024, 11, 3, 5, 30, zone=UTC), at(2024, 11, 3, 6, 30, zone=UTC), at(2024, 3, 10, 2, 30, zone=NEW_YORK),
    at(2024, 3, 10, 3, 30, zone=NEW_YORK), at(2024, 3, 10, 7, 30, zone=UTC), at(2024, 1, 2, 3, 4, fold=1),
    at(2024, 1, 2, 3, 4), dt.time(12), dt.time(12, tzinfo=UTC), dt.time(13, tzinfo=hours(1)),
    dt.time(12, tzinfo=BERLIN), dt.time(12, 0, fold=1), dt.timedelta(1), dt.timedelta(hours=24),
    dt.timedelta(0), UTC, hours(0), hours(1), dt.timezone(dt.timedelta(hours=1), "X"),
]  # fmt: skip
OTHERS: list[Any] = [
    Color.RED, Color.CRIMSON, Color.BLUE, Rights.READ, Rights.READ | Rights.WRITE, Rights(0), uuid.UUID(int=1),
    uuid.UUID(int=2), uuid.UUID("00000000-0000-0000-0000-000000000001"), pathlib.Path("/a"),
    pathlib.PurePosixPath("/a/"), pathlib.PureWindowsPath("/A"), pathlib.PureWindowsPath("/a"),
    Point(1), Point(1.0, False, "note"), Point("a", "a"),
    Point("a", str(b"a", "ascii")), Point(Point(1)), OtherPoint(1), Loose(1, [2]), Loose(1, [2]), Loose(1, [3]),
    Simple(1), Simple(1), Simple(2), Proxy(1), Proxy(1), Proxy(2), range(0), range(3, 3), range(1), range(0, 1, 5),
    range(0, 4, 2), range(0, 3, 2), int, str, Color, len, functools.reduce, math.sqrt, types.SimpleNamespace,
]  # fmt: skip
NUMPY: list[Any] = [
    np.int64(1), np.uint8(2), np.bool(True), np.float64(1.5), np.float32(0.1), np.float16(1.5), np.longdouble(1) / 3,
    np.longdouble(1.5), np.complex64(1), np.complex128(1 + 1j), np.float64(math.inf), np.uint64(2**63), np.str_("a"),
    np.bytes_(b"a"), np.datetime64("2024-01-02"), np.datetime64("2024-01-02T03"), np.timedelta64(1, "D"),
    np.timedelta64(24, "h"), np.timedelta64(1, "us"), np.datetime64("NaT", "s"),
]  # fmt: skip
PYTHONS: list[Any] = [
    *(key for key in NUMBERS if not isinstance(key, Decimal | Fraction)), float(np.float32(0.1)), *TEXTS,
    dt.date(2024, 1, 2), at(2024, 1, 2, 3), dt.timedelta(1), dt.timedelta(hours=1), (), (1,),
]  # fmt: skip
TUPLES: list[Any] = [
    (), (1,), (1.0,), (True,), (Decimal(1),), Pair(1, 2), (1, 2), Pair(1.0, Number.ONE), (1, 1), ("a", b"a"),
    (Word.A, b"a"), (uuid.UUID(int=1),), ("uuid", uuid.UUID(int=1).bytes), ((1, 2), 3), (Pair(1, 2), 3.0), ((1,), 2, 3),
    frozenset(), frozenset({1, 2}), frozenset({2.0, True}), frozenset({Pair(1, 2)}), frozenset({(1, 2)}),
    (frozenset({1}),),
    frozenset({Color.RED, "a"}), frozenset({Word.A, Color.CRIMSON}), (at(2024, 1, 2, 12, zone=UTC),),
    (at(2024, 1, 2, 13, zone=hours(1)),), ("enum", 1),
]  # fmt: skip
KEYS = [*NUMBERS, *TEXTS, *TIMES, *OTHERS, *TUPLES]
