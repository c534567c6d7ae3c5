"""When the server looks for leases that have ended: at the end of each, not at the next tick."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from manor import _native
from manor._resident.creation import create
from manor._server.residency import Residency
from tests.conformance.subjects import LIMIT_S

LEASE_S = 40.0
TICK_S = LEASE_S / 4


class Clockwork:
    """A reactor whose timers a test runs."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.action: Callable[[], Any] = list
        self._is_set = threading.Event()

    def after(self, seconds: float, action: Callable[[], Any]) -> None:
        self.seconds, self.action = seconds, action
        self._is_set.set()

    def run(self) -> float:
        """Run the timer's action; return for when it sets the timer again."""
        self._is_set.clear()
        self.action()
        assert self._is_set.wait(LIMIT_S)
        return self.seconds


@pytest.fixture
def residency() -> Any:
    where = SimpleNamespace(route=SimpleNamespace(server=b"16 bytes of test"), public_address="", ended=None, link=None)
    arena = create(where, 1 << 24, LEASE_S)
    assert arena is not None
    made = Residency(arena, arena.fileno(), LEASE_S, SimpleNamespace())  # type: ignore[arg-type]
    yield made
    made.end()


def test_the_timer_runs_out_when_the_next_lease_does(residency: Residency) -> None:
    clockwork = Clockwork()
    residency.run_in(clockwork)  # type: ignore[arg-type]
    assert clockwork.run() == TICK_S
    leased, other = _native.List(residency.arena), _native.List(residency.arena)
    leased._lease(LEASE_S / 8)
    other._lease(LEASE_S / 5)
    assert LEASE_S / 8 - 1 < clockwork.run() < LEASE_S / 8 + 0.1
    leased._lease(2 * LEASE_S)
    assert LEASE_S / 5 - 1 < clockwork.run() < LEASE_S / 5 + 0.1
    other._lease(2 * LEASE_S)
    assert clockwork.run() == TICK_S


def test_leases_that_end_all_the_time_do_not_keep_the_server_busy(residency: Residency) -> None:
    clockwork = Clockwork()
    residency.run_in(clockwork)  # type: ignore[arg-type]
    kept = [_native.List(residency.arena) for _ in range(100)]
    for number, one in enumerate(kept):
        one._lease(number / 1e6)
    kept[0]._lease(0.02)
    assert clockwork.run() >= 0.05
