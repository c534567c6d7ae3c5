"""Managers in which no test has registered anything: "Counter" and the like are the types that managers have."""

import collections
from dataclasses import dataclass
from typing import Any

import pytest

import manor.managers
from tests.conformance.subjects import Subject
from tests.conformance.subjects import on as on_any


@dataclass(frozen=True)
class PlainSubject(Subject):
    """As other subjects."""

    @property
    def manager_class(self) -> Any:
        return manor.managers.SyncManager


FORK = PlainSubject("manor-fork", manor.managers, "fork")
SPAWN = PlainSubject("manor-spawn", manor.managers, "spawn")
TCP = PlainSubject("manor-tcp", manor.managers, "fork", over_tcp=True)
SERVED = PlainSubject("manor-served", manor.managers, "fork", resident=False)
ROUTES = (FORK, TCP, SERVED)
"""Mapped, through the server, in the server."""

on_routes: pytest.MarkDecorator = on_any(*ROUTES)
PLAIN: dict[str, type] = {
    "deque": collections.deque,
    "OrderedDict": collections.OrderedDict,
    "defaultdict": collections.defaultdict,
    "Counter": collections.Counter,
    "ChainMap": collections.ChainMap,
}
