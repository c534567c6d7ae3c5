"""A process that is killed while it stores a structure has stored all of it or nothing, and leaves nothing behind."""

import random
from typing import Any

import pytest

from manor import to_local
from tests.conformance.collections_subjects import FORK
from tests.faults.arena.back_again import assert_back_at
from tests.faults.arena.victims import Tally, Victim, seeded, surviving

SHORT, LONG = 25, 1_500
KEYS = 3
KILLS = pytest.mark.parametrize(
    "kills", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])]
)


def structure(number: int) -> dict[str, Any]:
    """Something that shows whether it is whole."""
    inner = [number]
    return {"number": number, "lists": [inner, [inner, {number}], (inner, "x")], "dict": {number: {"a": inner}}}


def store_for_ever(tally: Tally, seed: int, shared: Any) -> None:
    rng = seeded(seed)
    while True:
        number, key = rng.randrange(1_000), rng.randrange(KEYS)
        store(shared, rng.randrange(4), key, structure(number))
        tally[0] += 1


def store(shared: Any, way: int, key: int, value: Any) -> None:
    if way == 0:
        shared[key] = value
    elif way == 1:
        shared.setdefault(key, value)
    elif way == 2:
        shared.pop(key, None)
    else:
        shared.update({key: value, "other": value})


def look(tally: Tally, shared: Any) -> None:
    check(shared)


def check(shared: Any) -> None:
    for value in to_local(shared).values():
        assert value == structure(value["number"])
        assert value["lists"][0] is value["lists"][1][0] is value["lists"][2][0]


@KILLS
def test_a_structure_is_stored_whole_or_not_at_all(rng: random.Random, kills: int) -> None:
    with FORK.manager() as manager:
        shared = manager.dict(deep=True)
        baseline = manager.stats()
        with surviving(look, shared):
            for _ in range(kills):
                with Victim(store_for_ever, rng.getrandbits(32), shared) as victim:
                    victim.kill_at_random(rng)
                check(shared)
        shared.clear()
        assert_back_at(baseline, manager)


def group_for_ever(tally: Tally, seed: int, groups: Any) -> None:
    rng = seeded(seed)
    while True:
        key = rng.randrange(20)
        groups[key].append((victim_of(seed), tally[1 + key]))
        tally[1 + key] += 1


def victim_of(seed: int) -> int:
    return seed & 0xFFFF


@KILLS
def test_a_defaultdict_loses_at_most_what_a_killed_process_was_just_adding(rng: random.Random, kills: int) -> None:
    with FORK.manager() as manager:
        groups = manager.defaultdict(list)
        baseline = manager.stats()
        for number in range(kills):
            seed = rng.getrandbits(16) | number << 16
            with Victim(group_for_ever, seed, groups) as victim:
                victim.kill_at_random(rng)
            found = to_local(groups)
            counted = sum(victim.tally[1 + key] for key in range(20))
            assert 0 <= sum(map(len, found.values())) - counted <= 1
            for key, items in found.items():
                assert items == [(victim_of(seed), at) for at in range(len(items))]
                assert len(items) - victim.tally[1 + key] in (0, 1)
            groups.clear()
        assert_back_at(baseline, manager)
