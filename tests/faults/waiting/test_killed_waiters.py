"""Processes are killed in waits for a notification, an event, or each other: no wake-up is lost, the others go on."""

import random
import time
from multiprocessing.connection import Connection
from threading import BrokenBarrierError
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.deaths import acquires_and_releases
from tests.conformance.subjects import LIMIT_S, Subject, until
from tests.faults.arena.victims import Tally, Victim, surviving
from tests.faults.waiting.crowd import Crowd
from tests.faults.waiting.witness import TWO_HOMES, deaths

SHORT, LONG = 20, 1_000
KILLS = pytest.mark.parametrize(
    "kills", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])]
)
HOMES = pytest.mark.parametrize("subject", TWO_HOMES)
AGAIN_S = 0.02  # for a death between a notification and what it was for
LOST_S = 20.0  # what has not come by then will never come


# Conditions: tickets are given one by one, and whoever is notified takes it

TICKETS, TAKEN, READY, ENDING = range(4)


def take_a_ticket(tally: Tally, rng: random.Random, condition: Any, numbers: Tally) -> None:
    """Wait, without a look at whether there is one already: that would make up for a lost notification."""
    with deaths() as told, condition:
        pass_on(told, condition)
        if condition.wait(rng.choice([None, None, 0.001])):
            take(condition, numbers)
        else:
            pass_on(told, condition)


def pass_on(told: list[str], condition: Any) -> None:
    """Notify for one who was killed with the lock: it may have been notified, and not come to take the ticket."""
    if told:
        told.clear()
        condition.notify()


def take(condition: Any, numbers: Tally) -> None:
    if numbers[TICKETS]:
        numbers[TICKETS] = 0
        numbers[TAKEN] += 1
        condition.notify_all()


def always_take(tally: Tally, condition: Any, numbers: Tally) -> None:
    """The one that is sure to wait when a ticket is given."""
    with deaths() as told, condition:
        pass_on(told, condition)
        if not numbers[ENDING]:
            numbers[READY] = 1
            condition.wait()
            numbers[READY] = 0
            take(condition, numbers)


def give_a_ticket(tally: Tally, condition: Any, numbers: Tally) -> None:
    """Notify one, and wait until the ticket has been taken."""
    with deaths() as told, condition:
        if not numbers[READY]:
            return
        end = time.monotonic() + LOST_S
        told.clear()
        numbers[TICKETS] = 1
        condition.notify()
        while numbers[TICKETS]:
            condition.wait(AGAIN_S)
            pass_on(told, condition)
            assert time.monotonic() < end, "a notification is lost"
        tally[1] += 1


@KILLS
@HOMES
def test_no_notification_is_lost_with_those_killed_in_a_wait(subject: Subject, rng: random.Random, kills: int) -> None:
    numbers = Tally()
    with subject.manager() as manager:
        condition = manager.Condition()
        with surviving(always_take, condition, numbers):
            with (
                surviving(give_a_ticket, condition, numbers) as given,
                Crowd(rng, take_a_ticket, condition, numbers) as crowd,
            ):
                for _ in range(kills):
                    crowd.kill_one()
                    # The next one is killed when this one's death has had its effect: else it would hide a loss.
                    come_further(given)
            with deaths(), condition:
                numbers[ENDING] = 1
                condition.notify_all()
        assert given[1] - crowd.killed <= numbers[TAKEN] <= given[1]
        assert acquires_and_releases(condition)


def come_further(tally: Tally) -> None:
    done = tally[1]
    until(lambda: tally[1] > done + 1)


# Events


def answer(tally: Tally, ask: Any, answered: Any, numbers: Tally) -> None:
    if not numbers[ENDING]:
        ask.wait()
        ask.clear()
        answered.set()


def question(tally: Tally, ask: Any, answered: Any) -> None:
    started = time.monotonic()
    ask.set()
    assert answered.wait(LOST_S)
    assert time.monotonic() - started < LOST_S, "a wake-up is lost"
    answered.clear()


def listen(tally: Tally, rng: random.Random, ask: Any, answered: Any, other: Any) -> None:
    rng.choice([ask, answered, other]).wait(rng.choice([0.0005, 0.01]))
    rng.choice([other.set, other.clear, other.is_set, ask.is_set])()


@KILLS
@HOMES
def test_an_event_wakes_all_others_whoever_is_killed_in_a_wait(
    subject: Subject, rng: random.Random, kills: int
) -> None:
    numbers = Tally()
    with subject.manager() as manager:
        ask, answered, other = manager.Event(), manager.Event(), manager.Event()
        with surviving(answer, ask, answered, numbers):
            with surviving(question, ask, answered), Crowd(rng, listen, ask, answered, other) as crowd:
                for _ in range(kills):
                    crowd.kill_one()
            numbers[ENDING] = 1
            ask.set()
        other.set()
        assert other.wait(LIMIT_S)
        other.clear()
        assert not other.is_set()


# Barriers


def meet_for_ever(tally: Tally, barrier: Any) -> None:
    while True:
        barrier.wait()


def meet_until_it_breaks(test: Connection, barrier: Any, numbers: Tally, me: int) -> None:
    test.send("begins")
    try:
        while True:
            assert 0 <= barrier.wait() < barrier.parties
            numbers[me] += 1
    except BrokenBarrierError:
        test.send("broken")


@KILLS
@HOMES
def test_a_barrier_breaks_for_all_when_a_party_is_killed_and_can_be_reset(
    subject: Subject, rng: random.Random, kills: int
) -> None:
    with subject.manager() as manager:
        barrier = manager.Barrier(3)
        for _ in range(kills // 3):
            numbers = Tally()
            with (
                Child(subject.context, meet_until_it_breaks, barrier, numbers, 0) as one,
                Child(subject.context, meet_until_it_breaks, barrier, numbers, 1) as two,
                Victim(meet_for_ever, barrier) as victim,
            ):
                assert one.hear() == two.hear() == "begins"
                victim.kill_at_random(rng)
                barrier.abort()  # who is killed between two waits is no party of any
                assert one.hear() == two.hear() == "broken"
                assert abs(numbers[0] - numbers[1]) <= 1, "one has passed where another has not"
            assert barrier.broken
            barrier.reset()
            assert (barrier.n_waiting, barrier.broken) == (0, False)
