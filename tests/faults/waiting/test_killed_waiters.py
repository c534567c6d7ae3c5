"""Processes are killed in waits for a notification, an event, or each other: no wake-up is lost, the others go on."""

import random
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from threading import BrokenBarrierError
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.deaths import acquires_and_releases
from tests.conformance.subjects import LIMIT_S, Subject
from tests.faults.arena.victims import Tally, Victim, seeded, surviving
from tests.faults.waiting.witness import TWO_HOMES, deaths

SHORT, LONG = 15, 1_000
KILLS = pytest.mark.parametrize(
    "kills", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])]
)
HOMES = pytest.mark.parametrize("subject", TWO_HOMES)
AT_ONCE = 3
AGAIN_S = 0.02  # for a death between a notification and what it was for


# Conditions: tickets are given one by one, and somebody has to take each

TICKETS, TAKEN, ENDING = range(3)


def take_a_ticket(tally: Tally, rng: random.Random, condition: Any, numbers: Tally) -> None:
    limit_s = rng.choice([None, None, 0.001])
    with deaths(), condition:
        if condition.wait_for(lambda: numbers[TICKETS] or numbers[ENDING], limit_s) and numbers[TICKETS]:
            numbers[TICKETS] = 0
            numbers[TAKEN] += 1
            condition.notify_all()


def take_tickets_for_ever(tally: Tally, seed: int, *args: Any) -> None:
    rng = seeded(seed)
    while True:
        take_a_ticket(tally, rng, *args)


def give_a_ticket(tally: Tally, condition: Any, numbers: Tally) -> None:
    """Notify one, and wait until the ticket has been taken.

    Who was notified may be killed when it has the lock already: whoever is told of that has to notify for it.
    """
    end = time.monotonic() + LIMIT_S
    with deaths() as told, condition:
        told.clear()
        numbers[TICKETS] = 1
        condition.notify()
        while numbers[TICKETS]:
            if not condition.wait(AGAIN_S) and told:
                told.clear()
                condition.notify()
            assert time.monotonic() < end, "a notification is lost"


@KILLS
@HOMES
def test_no_notification_is_lost_with_those_killed_in_a_wait(subject: Subject, rng: random.Random, kills: int) -> None:
    numbers = Tally()
    with subject.manager() as manager, ExitStack() as stack:
        condition = manager.Condition()

        def another() -> Victim:
            return stack.enter_context(Victim(take_tickets_for_ever, rng.getrandbits(32), condition, numbers))

        with surviving(take_a_ticket, seeded(rng.random()), condition, numbers):
            with surviving(give_a_ticket, condition, numbers) as given:
                victims = [another() for _ in range(AT_ONCE)]
                for _ in range(kills):
                    victims.pop(rng.randrange(AT_ONCE)).kill_at_random(rng)
                    victims.append(another())
                for victim in victims:
                    victim.kill_at_random(rng)
            with deaths(), condition:
                numbers[ENDING] = 1
                condition.notify_all()
        assert given[0] - kills - AT_ONCE <= numbers[TAKEN] <= given[0] + 1
        assert acquires_and_releases(condition)


# Events


def answer(tally: Tally, ask: Any, answered: Any) -> None:
    if ask.wait(0.2):  # a survivor is told to end, and then nobody asks
        ask.clear()
        answered.set()


def question(tally: Tally, ask: Any, answered: Any) -> None:
    ask.set()
    assert answered.wait(LIMIT_S), "a wake-up is lost"
    answered.clear()


def listen_for_ever(tally: Tally, seed: int, ask: Any, answered: Any, other: Any) -> None:
    rng = seeded(seed)
    while True:
        rng.choice([ask, answered, other]).wait(rng.choice([0.0005, 0.01]))
        rng.choice([other.set, other.clear, other.is_set, ask.is_set])()


@KILLS
@HOMES
def test_an_event_wakes_all_others_whoever_is_killed_in_a_wait(
    subject: Subject, rng: random.Random, kills: int
) -> None:
    with subject.manager() as manager, ExitStack() as stack:
        ask, answered, other = manager.Event(), manager.Event(), manager.Event()

        def another() -> Victim:
            return stack.enter_context(Victim(listen_for_ever, rng.getrandbits(32), ask, answered, other))

        with surviving(answer, ask, answered), surviving(question, ask, answered):
            victims = [another() for _ in range(AT_ONCE)]
            for _ in range(kills):
                victims.pop(rng.randrange(AT_ONCE)).kill_at_random(rng)
                victims.append(another())
            for victim in victims:
                victim.kill_at_random(rng)
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
