"""Endless sequences of operations from a seed, which a process does to a shared container and a test to a built-in one.

A killed process leaves behind how many it has done: the container must be as after so many, or after one more.
"""

import array
import copy
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

from manor import MISSING
from tests.faults.arena.victims import Tally, seeded

Operation = Callable[[Any], object]

ITEMS_MAX = 60
MEMBERS = 40


def value_of(rng: random.Random) -> Any:
    kind = rng.randrange(8)
    if kind == 0:
        return None
    if kind == 1:
        return rng.random()
    if kind == 2:
        return "é" * rng.randrange(300)
    if kind == 3:
        return bytes(rng.randrange(20_000))
    if kind == 4:
        return [rng.randrange(9), "pickled"]
    return rng.randrange(-(2**62), 2**62)


def dict_operation(rng: random.Random) -> Operation:
    key = rng.choice([rng.randrange(MEMBERS), f"key {rng.randrange(MEMBERS)}", ("a", rng.randrange(MEMBERS))])
    kind = rng.randrange(12)
    if kind == 0:
        return lambda d: d.popitem() if d else None
    if kind < 4:
        return lambda d: d.pop(key, None)
    if kind == 4:
        value = value_of(rng)
        return lambda d: d.setdefault(key, value)
    if kind == 5:
        return lambda d: d.clear() if key == 7 else None
    value = value_of(rng)
    return lambda d: d.__setitem__(key, value)


def list_operation(rng: random.Random) -> Operation:
    at, value = rng.randrange(ITEMS_MAX), value_of(rng)
    several = [value_of(rng) for _ in range(rng.randrange(8))]
    kinds: list[Operation] = [
        lambda x: x.append(value) if len(x) < ITEMS_MAX else x.clear(),
        lambda x: x.append(value) if len(x) < ITEMS_MAX else None,
        lambda x: x.insert(at, value) if len(x) < ITEMS_MAX else None,
        lambda x: x.pop() if x else None,
        lambda x: x.pop(at) if at < len(x) else None,
        lambda x: x.__setitem__(at, value) if at < len(x) else None,
        lambda x: x.__delitem__(at) if at < len(x) else None,
        lambda x: x.extend(several) if len(x) < ITEMS_MAX else None,
        lambda x: x.__setitem__(slice(at // 2, at), several) if len(x) < ITEMS_MAX else None,
        lambda x: x.__delitem__(slice(at, at + 3)),
        lambda x: x.reverse(),
        lambda x: x.sort(key=repr) if at == 0 else None,
    ]
    return rng.choice(kinds)


def set_operation(rng: random.Random) -> Operation:
    member = rng.choice([rng.randrange(MEMBERS), "m" * rng.randrange(MEMBERS), (1, rng.randrange(MEMBERS))])
    kind = rng.randrange(40)
    if kind == 0:
        return lambda s: s.clear()
    return (lambda s: s.add(member)) if kind % 2 else lambda s: s.discard(member)


def value_operation(rng: random.Random) -> Operation:
    value = value_of(rng)
    return lambda box: setattr(box, "value", value)


def array_operation(rng: random.Random) -> Operation:
    at, number = rng.randrange(8), rng.randrange(2**31)
    several = [rng.randrange(100) for _ in range(4)]
    kinds: list[Operation] = [
        lambda numbers: numbers.__setitem__(at, number),
        lambda numbers: numbers.__setitem__(slice(2, 6), array.array("i", several)),
        lambda numbers: numbers.__setitem__(slice(0, 8, 2), array.array("i", several)),
    ]
    return rng.choice(kinds)


def namespace_operation(rng: random.Random) -> Operation:
    name, value = f"name{rng.randrange(6)}", value_of(rng)
    if rng.randrange(3) == 0:
        return lambda space: delattr(space, name) if hasattr(space, name) else None
    return lambda space: setattr(space, name, value)


def update_operation(rng: random.Random) -> Operation:
    """One key, by everything that looks first."""
    key, value, amount = rng.randrange(6), value_of(rng), rng.randrange(9)
    kinds: list[Operation] = [
        lambda d: d.update({key: value}),
        lambda d: d.update_with(key, lambda old: (old, "updated")[:1], default=0),
        lambda d: d.compare_and_set(key, d.get(key, MISSING), value),
        lambda d: d.add((key, "count"), amount),
    ]
    return rng.choice(kinds)


class Plain(dict[Any, Any]):
    """A dict with what manor's have beside."""

    def update_with(self, key: Any, function: Callable[[Any], Any], default: Any) -> None:
        self[key] = function(self.get(key, default))

    def compare_and_set(self, key: Any, expected: Any, new: Any) -> None:
        assert self.get(key, MISSING) == expected
        self[key] = new

    def add(self, key: Any, amount: int) -> None:
        self[key] = self.get(key, 0) + amount

    def __copy__(self) -> "Plain":
        return Plain(self)


def operations(seed: int, one: Callable[[random.Random], Operation]) -> Iterator[Operation]:
    rng = seeded(seed)
    while True:
        yield one(rng)


def perform_for_ever(tally: Tally, proxy: Any, seed: int, one: Callable[[random.Random], Operation]) -> None:
    for operation in operations(seed, one):
        operation(proxy)
        tally[0] += 1


def states(before: Any, seed: int, one: Callable[[random.Random], Operation], done: int) -> tuple[Any, Any]:
    """What a built-in container is after so many operations, and after one more."""
    model = copy.copy(before)
    sequence = operations(seed, one)
    for operation in itertools.islice(sequence, done):
        operation(model)
    after = copy.copy(model)
    next(sequence)(after)
    return model, after
