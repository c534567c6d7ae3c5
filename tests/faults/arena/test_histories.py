"""What several processes see of one object can be explained by operations that each happen at one moment."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

import pytest

from tests.conformance.children import Child
from tests.conformance.subjects import MANOR_FORK, MANOR_SERVED, MANOR_TCP, ManorManager, Subject
from tests.faults.arena.linearizability import Event, is_linearizable
from tests.faults.arena.models import ABSENT, item, sequence, value
from tests.faults.arena.victims import seeded

PROCESSES = 3
NAME = "shared"
KEYS = (1, "two", ("three", 3))
SHORT, LONG = 6, 300

Performed = tuple[Any, Event]
"""The key, or None, and what was done with its item."""

pytestmark = pytest.mark.timeout(1800)
SUBJECTS = pytest.mark.parametrize("subject", [MANOR_FORK, MANOR_TCP, MANOR_SERVED], ids=lambda subject: subject.name)
ROUNDS = pytest.mark.parametrize("rounds", [SHORT, pytest.param(LONG, marks=pytest.mark.stress)])


def timed(call: Callable[..., Any], name: str, args: tuple[Any, ...], *before: Any) -> Event:
    start = time.monotonic_ns()
    try:
        result = call(*before, *args)
    except IndexError:
        result = "IndexError"
    end = time.monotonic_ns()
    return Event(start, end, name, args, tuple(result) if isinstance(result, list) else result)


def choice_of(rng: random.Random, proxy: Any, operations: list[tuple[str, Any]]) -> tuple[str, Any]:
    return rng.choice([operation for operation in operations if hasattr(proxy, operation[0])])


def use_dict(rng: random.Random, proxy: Any, number: int) -> Performed:
    key = rng.choice(KEYS)
    seen = proxy.get(key)
    name, args = choice_of(
        rng,
        proxy,
        [
            ("get", ()),
            ("__contains__", ()),
            ("__setitem__", (number,)),
            ("pop", (None,)),
            ("setdefault", (number,)),
            ("compare_and_set", (seen, number)),
            ("add", (1,)),
        ],
    )
    return key, timed(getattr(proxy, name), name, args, key)


def use_list(rng: random.Random, proxy: Any, number: int) -> Performed:
    name, args = rng.choice(
        [
            ("append", (number,)),
            ("insert", (0, number)),
            ("pop", (-1,)),
            ("pop", (0,)),
            ("pop", (-1,)),
            ("__len__", ()),
            ("copy", ()),
            ("extend", ([number, -number],)),
            ("reverse", ()),
        ]
    )
    return None, timed(getattr(proxy, name), name, args)


def use_value(rng: random.Random, proxy: Any, number: int) -> Performed:
    name, args = choice_of(
        rng,
        proxy,
        [("get", ()), ("set", (number,)), ("add", (1,)), ("compare_and_set", (number - 1, number))],
    )
    return None, timed(getattr(proxy, name), name, args)


def perform(test: Connection, proxy: Any, use: Callable[..., Performed], seed: int, count: int) -> None:
    """Do as many operations as the test asks for, again and again."""
    rng = seeded(seed)
    test.send("ready")
    while number := test.recv():
        test.send([use(rng, proxy, number * 1_000_000 + step) for step in range(count)])


def perform_through_server(test: Connection, address: Any, *args: Any) -> None:
    """As `perform`, on the object called NAME, which this process does not map."""
    manager = ManorManager(address, resident=False)
    manager.connect()
    perform(test, manager.get(NAME), *args)


def histories(workers: list[tuple[Any, ...]], rng: random.Random, rounds: int) -> Iterator[list[list[Performed]]]:
    """What the processes that run the *workers* see, round by round."""
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child(MANOR_FORK.context, function, about, use, rng.getrandbits(32), count))
            for function, about, use, count in workers
        ]
        for child in children:
            assert child.hear() == "ready"
        for number in range(1, rounds + 1):
            for at, child in enumerate(children, 1):
                child.tell(number * 10 + at)
            yield [child.hear() for child in children]


def events_of(key: Any, found: list[list[Performed]]) -> list[list[Event]]:
    return [[event for its_key, event in history if its_key == key] for history in found]


@ROUNDS
@SUBJECTS
def test_histories_of_a_dict_are_linearizable_key_by_key(subject: Subject, rng: random.Random, rounds: int) -> None:
    with subject.manager() as manager:
        proxy = manager.dict()
        states = dict.fromkeys(KEYS, ABSENT)
        for found in histories([(perform, proxy, use_dict, 150)] * PROCESSES, rng, rounds):
            for key, state in states.items():
                assert is_linearizable(events_of(key, found), state, item), events_of(key, found)
            states = {key: proxy.get(key, ABSENT) for key in KEYS}


@ROUNDS
@SUBJECTS
def test_histories_of_a_list_are_linearizable(subject: Subject, rng: random.Random, rounds: int) -> None:
    with subject.manager() as manager:
        proxy = manager.list()
        for found in histories([(perform, proxy, use_list, 60)] * PROCESSES, rng, rounds):
            events = events_of(None, found)
            assert is_linearizable(events, (), sequence), events
            proxy.clear()


@ROUNDS
@SUBJECTS
def test_histories_of_a_value_are_linearizable(subject: Subject, rng: random.Random, rounds: int) -> None:
    with subject.manager() as manager:
        proxy = manager.Value("q", 0)
        for found in histories([(perform, proxy, use_value, 150)] * PROCESSES, rng, rounds):
            events = events_of(None, found)
            assert is_linearizable(events, 0, value), events
            proxy.value = 0


@ROUNDS
@pytest.mark.parametrize(
    ("typeid", "use", "state", "model"),
    [("dict", use_dict, ABSENT, item), ("list", use_list, (), sequence)],
    ids=["dict", "list"],
)
def test_histories_of_processes_that_map_an_object_and_one_that_asks_the_server_are_linearizable(
    rng: random.Random, rounds: int, typeid: str, use: Any, state: Any, model: Any
) -> None:
    with MANOR_FORK.manager() as manager:
        proxy = getattr(manager, typeid)(name=NAME)
        workers = [
            (perform, proxy, use, 60),
            (perform, proxy, use, 60),
            (perform_through_server, manager.address, use, 6),
        ]
        for found in histories(workers, rng, rounds):
            for key in KEYS if typeid == "dict" else (None,):
                events = events_of(key, found)
                assert is_linearizable(events, state, model), events
            proxy.clear()
