"""Processes are killed while they put and take: each item is taken once, but for those in the hands of a dead one."""

import queue
import random
from collections import Counter
from typing import Any

import pytest

from tests.conformance.subjects import MANOR_FORK, MANOR_SERVED, Subject, until
from tests.faults.arena.victims import Tally, Victim, seeded, surviving
from tests.faults.waiting.crowd import AT_ONCE, Crowd

SHORT, LONG = 30, 2_000
KILLS = pytest.mark.parametrize("kills", [SHORT, pytest.param(LONG, marks=pytest.mark.stress)])
NAMES = ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")
KINDS = pytest.mark.parametrize("kind", NAMES)
CASES = [pytest.param(MANOR_FORK, kind, id=kind) for kind in NAMES] + [
    pytest.param(MANOR_SERVED, kind, id=f"{kind}-served") for kind in ("Queue", "PriorityQueue")
]
BATCH = 20
ROOM = 50

pytestmark = pytest.mark.timeout(1800)


def made(manager: Any, kind: str, maxsize: int) -> Any:
    return manager.SimpleQueue() if kind == "SimpleQueue" else getattr(manager, kind)(maxsize)


class Ordered(str):
    """What a priority queue can compare with others of its kind."""

    __slots__ = ()


def item_of(number: int, kind: str = "") -> Any:
    """Of any form: a word, a block, a pickle; for a priority queue, of one that can be compared."""
    if kind == "PriorityQueue":
        return Ordered(f"{number:020}" * (1 + number % 9))
    return [number, str(number) * 9, (number, "x")][number % 3]


def number_of(item: Any) -> int:
    if isinstance(item, Ordered):
        number = int(item[:20])
        assert item_of(number, "PriorityQueue") == item
        return number
    found = item[0] if isinstance(item, tuple) else item
    number = int(found[: len(found) // 9]) if isinstance(found, str) else found
    assert item_of(number) == item
    return int(number)


def put_for_ever(tally: Tally, seed: int, jobs: Any, first: int, kind: str) -> None:
    """Put numbers from `first` on; the tally says how many are in for certain, and how many at most."""
    rng = seeded(seed)
    while True:
        count = rng.choice([1, 1, BATCH])
        tally[1] += count
        items = [item_of(first + tally[0] + more, kind) for more in range(count)]
        if count == 1:
            jobs.put(items[0])
        else:
            jobs.put_many(items)
        tally[0] += count


@KILLS
@KINDS
@pytest.mark.parametrize("maxsize", [0, 5])
def test_what_killed_processes_put_is_there_once(rng: random.Random, kills: int, kind: str, maxsize: int) -> None:
    with MANOR_FORK.manager() as manager:
        jobs = made(manager, kind, maxsize)
        found: Counter[int] = Counter()
        for _ in range(kills):
            first = rng.getrandbits(50)
            with Victim(put_for_ever, rng.getrandbits(32), jobs, first, kind) as victim:
                until(lambda: drain(jobs, found, 50) > 0)
                victim.kill_at_random(rng)
                done, most = victim.tally[0], victim.tally[1]
            drain(jobs, found)
            assert set(found.values()) == {1}
            numbers = sorted(found)
            assert numbers == [*range(first, first + len(numbers))]
            assert done <= len(numbers) <= most
            found.clear()
        assert jobs.qsize() == 0
        until(lambda: jobs._waiters() == ([], [], []))  # the server cleans up behind the last one


def drain(jobs: Any, found: Counter[int], most: int = 10**9) -> int:
    count = 0
    while count < most:
        try:
            items = jobs.get_many(50, block=False)
        except queue.Empty:
            break
        found.update(map(number_of, items))
        count += len(items)
    return count


def take(tally: Tally, rng: random.Random, jobs: Any, results: Any) -> None:
    """Pass on what there is: a number of this process's that is in its hands is lost if it is killed."""
    many = rng.random() < 0.3
    tally[2] = BATCH if many else 1
    results.put_many(jobs.get_many(BATCH) if many else [jobs.get()])
    tally[2] = 0


def feed(tally: Tally, jobs: Any, kind: str) -> None:
    """Put the next numbers, as many as there is room for; counts them."""
    number, done = tally[1], BATCH
    if jobs.qsize() > ROOM:  # one kind has no bound of its own
        return
    try:
        jobs.put_many([item_of(number + more, kind) for more in range(BATCH)], timeout=0.01)
    except queue.Full as error:
        done = error.items_put  # type: ignore[attr-defined]
    tally[1] = number + done


@KILLS
@pytest.mark.parametrize(("subject", "kind"), CASES)
def test_what_killed_processes_take_is_lost_only_out_of_their_hands(
    rng: random.Random, kills: int, subject: Subject, kind: str
) -> None:
    with subject.manager() as manager:
        # Bounded both: the takers may be faster than the test, which would have more to drain in each round.
        jobs, results = made(manager, kind, ROOM), manager.Queue(ROOM * BATCH)
        found: Counter[int] = Counter()
        with surviving(feed, jobs, kind) as fed, Crowd(rng, take, jobs, results) as takers:
            while takers.killed < kills:
                takers.kill_one()
                drain(results, found, results.qsize())  # more comes all the while
        drain(results, found)
        drain(jobs, found)
        total = fed[1]
        assert set(found.values()) == {1}
        assert set(found) <= set(range(total))
        assert total - len(found) <= (kills + AT_ONCE) * BATCH


@KILLS
def test_nobody_waits_for_ever_while_those_who_wait_beside_are_killed(rng: random.Random, kills: int) -> None:
    with MANOR_FORK.manager() as manager:
        jobs, back = manager.Queue(), manager.Queue()
        with surviving(_answer, jobs, back) as answered, Crowd(rng, _look_for, jobs) as others:
            while others.killed < kills:
                others.kill_one()
                jobs.put(1)
            done = answered[0]

            def goes_on() -> bool:
                jobs.put(1)
                return answered[0] > done + 1

            until(goes_on)


def _answer(tally: Tally, jobs: Any, back: Any) -> None:
    try:
        back.put(jobs.get(timeout=0.5))
    except queue.Empty:
        return


def _look_for(tally: Tally, rng: random.Random, jobs: Any) -> None:
    try:
        jobs.put(jobs.get(timeout=rng.choice([0.0001, 0.001, 0.01])))
    except queue.Empty:
        return
