"""Processes are killed while they change a container, or wait until it changes: the others miss no change."""

import random
from typing import Any

import pytest

import manor
from tests.conformance.subjects import LIMIT_S, Subject
from tests.faults.arena.victims import Tally, surviving
from tests.faults.waiting.crowd import Crowd
from tests.faults.waiting.witness import TWO_HOMES

SHORT, LONG = 20, 1_000
KILLS = pytest.mark.parametrize(
    "kills", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])]
)
HOMES = pytest.mark.parametrize("subject", TWO_HOMES)
LOST_S = 20.0  # what was not told by then will never be


def question(tally: Tally, talk: Any) -> None:
    talk.add("asked")
    assert manor.wait_for(talk, lambda talk: talk["asked"] == talk["answered"], LOST_S), "a change was missed"


def answer(tally: Tally, talk: Any) -> None:
    asked = manor.wait_for(talk, lambda talk: talk["asked"] != talk["answered"] or talk["ending"], LOST_S)
    assert asked, "a change was missed"
    talk["answered"] = talk["asked"]


def meddle(tally: Tally, rng: random.Random, talk: Any) -> None:
    """Change other items, in one store and in several, and wait for what does not come."""
    number = rng.random()
    manor.wait_for(talk, lambda talk: talk.get("meddled") == number, rng.choice([0, 0.0005, 0.01]))
    talk["meddled"] = number
    talk["meddled"] = rng.choice(["a text that fits no word", number])
    if rng.random() < 0.5:
        talk.pop("meddled", None)


@KILLS
@HOMES
def test_no_change_is_missed_whoever_is_killed_in_one(subject: Subject, rng: random.Random, kills: int) -> None:
    with subject.manager() as manager:
        talk = manager.dict(asked=0, answered=0, ending=False)
        with surviving(answer, talk):
            with surviving(question, talk), Crowd(rng, meddle, talk) as crowd:
                for _ in range(kills):
                    crowd.kill_one()
            talk["ending"] = True
        talk["asked"] = -1
        assert talk.wait_for("asked", LIMIT_S) == -1
