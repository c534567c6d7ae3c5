"""Canonical forms of numbers: an int or a float where one is equal, otherwise a fraction or two parts.

Numbers of any type that are equal have the same value, so exact fractions decide.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

__all__ = ["RULES", "rule_for_numpy", "rule_for_registered"]

Rule = Callable[[Any], Any]

_DECIMAL_EXPONENT_MAX: Final = 10_000
"""A decimal farther from 1 than that equals nothing but decimals: its fraction would take too much memory."""


def _int(key: Any) -> int:
    return int.__index__(key)


def _float(key: Any) -> float:
    return float.__float__(key)


def _rational(key: Any) -> Any:
    return _ratio(int(key.numerator), int(key.denominator))


def _ratio(numerator: int, denominator: int) -> Any:
    if denominator == 1:
        return numerator
    try:
        near = numerator / denominator
    except OverflowError:  # too large for a float, so equal to none
        near = 0.0
    if near.as_integer_ratio() == (numerator, denominator):
        return near
    return ["fraction", numerator, denominator]


def _real(key: Any) -> Any:
    """Any real number that has an exact fraction, or is infinite."""
    try:
        numerator, denominator = key.as_integer_ratio()
    except (OverflowError, ValueError):  # infinite, or no number
        return float(key)
    return _ratio(int(numerator), int(denominator))


def _decimal(key: Any) -> Any:
    if key.is_nan():
        return ["decimal nan"]
    if key and key.is_finite() and abs(key.adjusted()) > _DECIMAL_EXPONENT_MAX:
        sign, digits, _ = key.as_tuple()
        return ["decimal", sign, "".join(map(str, digits)).rstrip("0"), key.adjusted()]
    return _real(key)


def _complex(key: Any) -> Any:
    number = complex(key)
    if number.imag == 0:
        return number.real
    return ["complex", number.real, number.imag]


def _item(key: Any) -> Any:
    return key.item()


def rule_for_numpy(cls: type) -> Rule | None:
    """The rule of numpy's own scalars; none for those that mean a time, or several values."""
    names = {base.__name__ for base in cls.__mro__ if base.__module__ == "numpy"}
    if "timedelta64" in names:
        return None
    if names & {"integer", "bool", "bool_", "str_", "bytes_"}:
        return _item
    if "complexfloating" in names:
        return _numpy_complex
    return _real if "floating" in names else None


def _numpy_complex(key: Any) -> Any:
    return _real(key.real) if key.imag == 0 else ["complex", _real(key.real), _real(key.imag)]


def rule_for_registered(cls: type) -> Rule | None:
    """The rule of any other class that says that it is a number, by one of Python's abstract classes of numbers."""
    numbers: Any = sys.modules.get("numbers")
    if numbers is None:
        return None
    if issubclass(cls, numbers.Integral):
        return int
    if issubclass(cls, numbers.Rational):
        return _rational
    return _real if issubclass(cls, numbers.Real) and hasattr(cls, "as_integer_ratio") else None


RULES: Final[dict[tuple[str, str], Rule]] = {
    ("builtins", "int"): _int,
    ("builtins", "float"): _float,
    ("builtins", "complex"): _complex,
    ("decimal", "Decimal"): _decimal,
    ("fractions", "Fraction"): _rational,
}
