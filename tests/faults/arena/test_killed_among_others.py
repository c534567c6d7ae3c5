"""Processes are killed at random moments while others change the same objects: nobody hangs, nothing is half done."""

import itertools
import random
from collections import Counter
from typing import Any

import pytest

from tests.conformance.subjects import MANOR_FORK
from tests.faults.arena.back_again import assert_back_at
from tests.faults.arena.victims import Tally, Victim, seeded, surviving

ACCOUNTS, BALANCE = 7, 1_000_000
SHORT, LONG = 40, 3_000
KILLS = pytest.mark.parametrize("kills", [SHORT, pytest.param(LONG, marks=pytest.mark.stress)])

pytestmark = pytest.mark.timeout(7200)  # the long versions, beside others


def kill_one_after_the_other(rng: random.Random, kills: int, work: Any, *args: Any) -> list[Victim]:
    """Kill so many processes that do `work(tally, seed, *args)`, one at a time; return them."""
    victims = []
    for _ in range(kills):
        with Victim(work, rng.getrandbits(32), *args) as victim:
            victim.kill_at_random(rng)
        victims.append(victim)
    return victims


# Sums


def transfer_by_adding(tally: Tally, seed: int, accounts: Any) -> None:
    rng = seeded(seed)
    while True:
        move_by_adding(tally, rng, accounts)


def move_by_adding(tally: Tally, rng: random.Random, accounts: Any) -> None:
    start, end = rng.sample(range(ACCOUNTS), 2)
    accounts.add(start, -1)
    accounts.add(end, 1)


def transfer_by_comparing(tally: Tally, seed: int, accounts: Any) -> None:
    rng = seeded(seed)
    while True:
        move_by_comparing(tally, rng, accounts)


def move_by_comparing(tally: Tally, rng: random.Random, accounts: Any) -> None:
    for account, amount in zip(rng.sample(range(ACCOUNTS), 2), (-1, 1), strict=True):
        while not accounts.compare_and_set(account, seen := accounts[account], seen + amount):
            pass


TRANSFERS = pytest.mark.parametrize(
    ("transfer", "move"),
    [
        pytest.param(transfer_by_adding, move_by_adding, id="add"),
        pytest.param(transfer_by_comparing, move_by_comparing, id="compare_and_set"),
    ],
)


@KILLS
@TRANSFERS
@pytest.mark.parametrize("typeid", ["dict", "list"])
def test_transfers_of_killed_processes_lose_at_most_the_one_in_flight(
    rng: random.Random, kills: int, typeid: str, transfer: Any, move: Any
) -> None:
    balances = [BALANCE] * ACCOUNTS
    with MANOR_FORK.manager() as manager:
        accounts = manager.list(balances) if typeid == "list" else manager.dict(enumerate(balances))
        baseline = manager.stats()
        with surviving(move, seeded(rng.random()), accounts):
            kill_one_after_the_other(rng, kills, transfer, accounts)
        total = sum(accounts if typeid == "list" else accounts.values())
        assert ACCOUNTS * BALANCE - kills <= total <= ACCOUNTS * BALANCE
        assert_back_at(baseline, manager)


def count_up(tally: Tally, seed: int, counter: Any) -> None:
    while True:
        counter.add(1)
        tally[0] += 1


def count_once(tally: Tally, counter: Any) -> None:
    counter.add(1)


@KILLS
def test_a_value_counts_every_addition_of_killed_processes_but_for_those_in_flight(
    rng: random.Random, kills: int
) -> None:
    with MANOR_FORK.manager() as manager:
        counter = manager.Value("q", 0)
        with surviving(count_once, counter) as survivor:
            victims = kill_one_after_the_other(rng, kills, count_up, counter)
        done = survivor[0] + sum(victim.tally[0] for victim in victims)
        assert done <= counter.value <= done + kills


# Values that show whether they are whole


def text_of(number: int) -> str:
    return chr(ord("a") + number) * (number * 37 % 900 + 1)


def values_of(number: int) -> list[Any]:
    text = text_of(number)
    return [text, text.encode() * 50, (number, text), {text: number}, number, None]


def is_whole(value: Any) -> bool:
    if isinstance(value, str | bytes):
        number = (value[0] if isinstance(value, bytes) else ord(value[0])) - ord("a")
    elif isinstance(value, tuple | dict):
        number = value[0] if isinstance(value, tuple) else next(iter(value.values()))
    else:
        return value is None or isinstance(value, int)
    return value in values_of(number)


def change_texts(tally: Tally, seed: int, texts: Any) -> None:
    rng = seeded(seed)
    while True:
        change_a_text(tally, rng, texts)


def change_a_text(tally: Tally, rng: random.Random, texts: Any) -> None:
    key, number = f"key {rng.randrange(30)}", rng.randrange(26)
    kind = rng.randrange(12)
    if kind == 0:
        texts.pop(key, None)
    elif kind == 1:
        texts.setdefault(key, rng.choice(values_of(number)))
    elif kind == 2:
        texts.clear()
    elif kind < 6:
        assert is_whole(texts.get(key))
    elif kind == 6:
        assert all(map(is_whole, texts.values()))
    else:
        texts[key] = rng.choice(values_of(number))


@KILLS
def test_no_value_is_half_written_by_a_killed_process(rng: random.Random, kills: int) -> None:
    with MANOR_FORK.manager() as manager:
        texts = manager.dict()
        baseline = manager.stats()
        with surviving(change_a_text, seeded(rng.random()), texts):
            for _ in range(kills):
                kill_one_after_the_other(rng, 1, change_texts, texts)
                assert all(map(is_whole, texts.values()))
        items = texts.items()
        assert len(texts) == len(items) == len(dict(items))
        assert all(texts[key] == value for key, value in items)
        texts.clear()
        assert_back_at(baseline, manager)


# Items that show where they come from

ITEMS_OF_ONE = 10**9


def push(tally: Tally, seed: int, line: Any) -> None:
    rng = seeded(seed)
    for number in itertools.count():
        item = seed * ITEMS_OF_ONE + number
        if rng.randrange(2):
            line.append(item)
        else:
            line.insert(rng.randrange(len(line) + 1), item)
        tally[0] = number + 1


def take(tally: Tally, seed: int, line: Any) -> None:
    rng = seeded(seed)
    taken = 0
    while True:
        try:
            item = line.pop(rng.choice([0, -1, rng.randrange(len(line) + 1)]))
        except IndexError:  # nothing there
            continue
        taken += 1
        tally[taken] = item
        tally[0] = taken


def take_and_put_back(tally: Tally, line: Any) -> None:
    try:
        item = line.pop()
    except IndexError:
        return
    line.insert(len(line) // 2, item)


TALLY = 1 << 22  # takers run on while this test waits for a processor; pages that nobody writes cost nothing


@KILLS
def test_items_of_a_list_are_neither_lost_nor_doubled_by_killed_processes(rng: random.Random, kills: int) -> None:
    pushed: dict[int, int] = {}
    taken: list[int] = []
    with MANOR_FORK.manager() as manager:
        line = manager.list()
        baseline = manager.stats()
        with surviving(take_and_put_back, line):
            for source in range(kills // 2):
                with Victim(push, source, line) as pusher, Victim(take, source, line, tally_length=TALLY) as taker:
                    for victim in rng.sample([pusher, taker], 2):
                        victim.kill_at_random(rng)
                pushed[source] = pusher.tally[0]
                taken += [taker.tally[number] for number in range(1, taker.tally[0] + 1)]
        counts = Counter(taken + list(line))
        assert max(counts.values()) == 1
        by_source = Counter(item // ITEMS_OF_ONE for item in counts)
        numbers_max = {source: number + 1 for source, number in pushed.items()}
        assert all(item % ITEMS_OF_ONE < numbers_max[item // ITEMS_OF_ONE] for item in counts)
        lost = sum(number for number in pushed.values()) - sum(
            min(by_source[source], number) for source, number in pushed.items()
        )
        assert lost <= kills // 2, "one that a killed process had popped, for each"
        line.clear()
        assert_back_at(baseline, manager)


# Lists in lists


def nest(tally: Tally, seed: int, manager: Any, outer: Any, shelf: Any) -> None:
    rng = seeded(seed)
    while True:
        nest_once(tally, rng, manager, outer, shelf)


def nest_once(tally: Tally, rng: random.Random, manager: Any, outer: Any, shelf: Any) -> None:
    kind = rng.randrange(7)
    if kind == 0:
        outer.append(manager.list([1, "two"]))
    elif kind == 1:
        shelf[rng.randrange(4)] = ("in a tuple", manager.list(), manager.dict(a=1))
    elif kind == 2:
        shelf[rng.randrange(4)] = an_inner_one(rng, outer)
    elif kind == 3 and len(outer) > 20:
        shelf["popped"] = outer.pop()
    elif kind == 4 and len(outer) > 20:
        outer[rng.randrange(5)].append(manager.set([1, 2]))
    elif kind == 5:
        shelf.pop(rng.randrange(4), None)
    else:
        del outer[30:]


def an_inner_one(rng: random.Random, outer: Any) -> Any:
    try:
        return outer[rng.randrange(len(outer))]
    except (IndexError, ValueError):  # others have removed the last ones since, or all
        return None


@KILLS
def test_objects_that_only_killed_processes_held_are_freed(rng: random.Random, kills: int) -> None:
    with MANOR_FORK.manager() as manager:
        outer, shelf = manager.list(), manager.dict()
        baseline = manager.stats()
        with surviving(nest_once, seeded(rng.random()), manager, outer, shelf):
            kill_one_after_the_other(rng, kills, nest, manager, outer, shelf)
        outer.clear()
        shelf.clear()
        assert_back_at(baseline, manager)
