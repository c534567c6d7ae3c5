"""A process that is killed at any moment leaves a container as it was before its last operation, or after it.

Others read the container meanwhile. What it held comes back.
"""

import random
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.subjects import MANOR_FORK
from tests.faults.arena import replays
from tests.faults.arena.back_again import assert_back_at
from tests.faults.arena.victims import Tally, Victim, surviving

SHORT, LONG = 25, 1_500


@dataclass
class Box:
    """A Value in the test itself."""

    value: Any = 0


def attributes(space: Any) -> types.SimpleNamespace:
    return types.SimpleNamespace(**vars(space._getvalue()))


def namespace(manager: Any) -> Any:
    made = manager.Namespace(used=1)
    del made.used  # leaves room for the next ones
    return made


def forget(space: Any) -> None:
    for name in vars(attributes(space)):
        delattr(space, name)


KINDS: list[Any] = [
    pytest.param(lambda m: m.dict(), replays.dict_operation, lambda d: d.copy(), lambda d: d.clear(), id="dict"),
    pytest.param(lambda m: m.list(), replays.list_operation, list, lambda x: x.clear(), id="list"),
    pytest.param(lambda m: m.set(), replays.set_operation, lambda s: set(s.copy()), lambda s: s.clear(), id="set"),
    pytest.param(
        lambda m: m.Value("i", 0),
        replays.value_operation,
        lambda v: Box(v.value),
        lambda v: setattr(v, "value", 0),
        id="Value",
    ),
    pytest.param(
        lambda m: m.dict(),
        replays.update_operation,
        lambda d: replays.Plain(d.copy()),
        lambda d: d.clear(),
        id="updates",
    ),
    pytest.param(lambda m: m.Array("i", range(8)), replays.array_operation, lambda a: a[:], lambda _: None, id="Array"),
    pytest.param(namespace, replays.namespace_operation, attributes, forget, id="Namespace"),
]


def in_order(state: Any) -> Any:
    return list(state.items()) if isinstance(state, dict) else state


def read(tally: Tally, proxy: Any, plain: Callable[[Any], Any]) -> None:
    plain(proxy)


@pytest.mark.parametrize("kills", [SHORT, pytest.param(LONG, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])])
@pytest.mark.parametrize(("make", "one", "plain", "empty"), KINDS)
def test_a_killed_process_leaves_its_last_operation_done_or_not_done(
    rng: random.Random, kills: int, make: Any, one: Any, plain: Any, empty: Any
) -> None:
    with MANOR_FORK.manager() as manager:
        proxy = make(manager)
        baseline = manager.stats()
        with surviving(read, proxy, plain):
            before = plain(proxy)
            for number in range(kills):
                seed = rng.getrandbits(32)
                with Victim(replays.perform_for_ever, proxy, seed, one) as victim:
                    victim.kill_at_random(rng)
                found = plain(proxy)
                states = replays.states(before, seed, one, victim.tally[0])
                assert in_order(found) in map(in_order, states), f"kill {number}, seed {seed}, {victim.tally[0]} done"
                before = found
        empty(proxy)
        assert_back_at(baseline, manager)
