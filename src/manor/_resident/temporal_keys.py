"""Canonical forms of dates and times: the instant, or the fields where there is no time zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import date, datetime, time, timedelta, timezone

__all__ = ["RULES"]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND


def _span(key: timedelta) -> int:
    return key.days * _DAY + key.seconds * _SECOND + key.microseconds


def _of_day(key: time | datetime) -> int:
    return ((key.hour * 60 + key.minute) * 60 + key.second) * _SECOND + key.microsecond


def _timedelta(key: timedelta) -> list[Any]:
    return ["timedelta", _span(key)]


def _timezone(key: timezone) -> list[Any]:
    return ["timezone", _span(key.utcoffset(None))]


def _date(key: date) -> list[Any]:
    return ["date", key.toordinal()]


def _time(key: time) -> list[Any]:
    first = key.replace(fold=0) if key.fold else key
    offset = first.utcoffset()
    return ["time", _of_day(key)] if offset is None else ["time in zone", _of_day(key) - _span(offset)]


def _datetime(key: datetime) -> list[Any]:
    """The form of a datetime.

    A time of day that a zone has twice, or skips, equals no time of another zone.
    """
    fields = key.toordinal() * _DAY + _of_day(key)
    first = key.replace(fold=0) if key.fold else key
    offset = first.utcoffset()
    if offset is None:
        return ["datetime", fields]
    if offset != first.replace(fold=1).utcoffset():
        return ["datetime in zone", fields, key.tzinfo]
    return ["instant", fields - _span(offset)]


RULES: Final[dict[tuple[str, str], Callable[[Any], list[Any]]]] = {
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    ("datetime", "datetime"): _datetime,
    ("datetime", "date"): _date,
    ("datetime", "time"): _time,
}
"""By the class's module and name."""
