"""Turns under many threads, of which some give up: nobody is let in who should not be, and nothing stays taken."""

import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from manor._server.calls import Call, as_current
from manor._server.processes import Process
from manor._server.waiting import Abandoned, Cancellation
from manor._server.whole.turns import Turn
from manor.errors import WouldDeadlock
from tests.conftest import STRESS

LIMIT_S = 60.0
ROUNDS = 20_000 if STRESS else 300


def new_call() -> Call:
    return Call(Process(b"x" * 16, 1, "test"), 1, Cancellation())


class Inside:
    """Who is in the turn, seen from within."""

    def __init__(self) -> None:
        self.readers = 0
        self.writers = 0
        self.count = 0
        self.faults: list[str] = []
        self._lock = threading.Lock()

    def come(self, shared: bool) -> None:
        with self._lock:
            self.readers += shared
            self.writers += not shared
            if self.writers > 1 or (self.writers and self.readers):
                self.faults.append(f"{self.writers} writers, {self.readers} readers")

    def go(self, shared: bool) -> None:
        with self._lock:
            self.readers -= shared
            self.writers -= not shared
            self.count += 1


class Crowd:
    """Threads that enter and leave, and others that are told to give up."""

    def __init__(self, seed: int, *, sharing: float) -> None:
        self.turn = Turn("thing")
        self.inside = Inside()
        self.sharing = sharing
        self.given_up = 0
        self.threads = [threading.Thread(target=self._run, args=(random.Random(seed + at),)) for at in range(6)]  # noqa: S311 no secret

    def _run(self, rng: random.Random) -> None:
        for _ in range(ROUNDS):
            shared = rng.random() < self.sharing
            call = new_call()
            if rng.random() < 0.3:
                threading.Thread(target=call.cancellation.cancel).start()
            with as_current(call):
                try:
                    self.turn.enter("go", shared=shared)
                except Abandoned:
                    self.given_up += 1
                    continue
                self.inside.come(shared)
                self.inside.go(shared)
                self.turn.leave()


@pytest.mark.parametrize("sharing", [0.0, 0.6])
def test_nobody_is_in_who_should_not_be(seed: int, sharing: float) -> None:
    crowd = Crowd(seed, sharing=sharing)
    for thread in crowd.threads:
        thread.start()
    for thread in crowd.threads:
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "it waits for a turn that nobody has"
    assert crowd.inside.faults == []
    assert crowd.inside.count + crowd.given_up == 6 * ROUNDS
    assert crowd.turn._holding() == []
    assert not crowd.turn._line
    crowd.turn.enter("last")
    crowd.turn.leave()


@pytest.fixture
def others() -> Iterator[list[threading.Thread]]:
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join(LIMIT_S)
        assert not thread.is_alive()


def start(others: list[threading.Thread], target: Any) -> None:
    others.append(threading.Thread(target=target))
    others[-1].start()


def test_those_who_wait_are_let_in_in_their_order(others: list[threading.Thread]) -> None:
    turn, order = Turn("thing"), []
    turn.enter("first")

    def wait_as(number: int) -> None:
        turn.enter("go")
        order.append(number)
        turn.leave()

    for number in range(4):
        start(others, lambda number=number: wait_as(number))
        while len(turn._line) <= number:
            pass
    turn.leave()
    for thread in others:
        thread.join(LIMIT_S)
    assert order == [0, 1, 2, 3]


def test_a_turn_of_ones_own_is_refused_and_stays_taken_once() -> None:
    one, two = Turn("one"), Turn("two")
    one.enter("f")
    two.enter("g")
    with pytest.raises(WouldDeadlock, match=r"one\.f -> two\.g -> one\.h"):
        one.enter("h")
    two.leave()
    one.leave()
    assert (one._holding(), two._holding()) == ([], [])


def test_of_two_that_would_wait_for_each_other_one_is_told(others: list[threading.Thread]) -> None:
    one, two = Turn("one"), Turn("two")
    there = threading.Barrier(2)
    told: list[str] = []

    def take(first: Turn, second: Turn) -> None:
        first.enter("f")
        there.wait(LIMIT_S)
        try:
            second.enter("g")
            second.leave()
        except WouldDeadlock as error:
            told.append(str(error))
        first.leave()

    start(others, lambda: take(one, two))
    start(others, lambda: take(two, one))
    for thread in others:
        thread.join(LIMIT_S)
    assert len(told) == 1
    assert "waits for" in told[0]
