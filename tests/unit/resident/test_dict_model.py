"""Any sequence of operations on the arena's dict does what it does to the built-in, and so does every misuse."""

import collections
import operator
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from manor import _native
from manor._resident.dicts import Dict
from tests.unit.resident.arenas import make_arena, outcome

IOR: Any = operator.ior


@pytest.fixture
def words(arena: _native.Arena) -> Dict:
    return Dict(arena)


KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from(["", "a", "b" * 40, b"a", 1.0, 0.5, -0.0, 2**70, 2.0**70, Decimal(1), Fraction(1, 2), 1j, ()]),
    st.tuples(st.integers(0, 1), st.sampled_from([1, 1.0, True, "a", Decimal(1)])),
    st.frozensets(st.integers(0, 2), max_size=2),
)
VALUES = st.one_of(st.none(), st.integers(-3, 3), st.just("text"), st.lists(st.integers(0, 2), max_size=2))
DICTS = st.dictionaries(KEYS, VALUES, max_size=5)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model: dict[Any, Any] = {}
        self.face = Dict(make_arena())

    @initialize(items=DICTS)
    def start(self, items: dict[Any, Any]) -> None:
        self.both(lambda words: words.update(items))

    def both(self, action: Callable[[Any], Any]) -> None:
        expected, found = outcome(action, self.model), outcome(action, self.face)
        assert repr(found) == repr(expected)

    @rule(key=KEYS, value=VALUES)
    def sets(self, key: Any, value: Any) -> None:
        self.both(lambda words: operator.setitem(words, key, value))

    @rule(key=KEYS)
    def reads(self, key: Any) -> None:
        self.both(lambda words: words.get(key, "default"))
        self.both(lambda words: words[key])
        self.both(lambda words: key in words)

    @rule(key=KEYS)
    def deletes(self, key: Any) -> None:
        self.both(lambda words: operator.delitem(words, key))

    @rule(key=KEYS, default=st.just(()) | st.tuples(VALUES))
    def pops(self, key: Any, default: tuple[Any, ...]) -> None:
        self.both(lambda words: words.pop(key, *default))

    @rule(key=KEYS, value=VALUES)
    def sets_by_default(self, key: Any, value: Any) -> None:
        self.both(lambda words: words.setdefault(key, value))

    @rule()
    def pops_the_newest(self) -> None:
        self.both(lambda words: words.popitem())

    @rule(items=DICTS)
    def updates(self, items: dict[Any, Any]) -> None:
        self.both(lambda words: words.update(items))

    @rule(items=DICTS)
    def joins(self, items: dict[Any, Any]) -> None:
        self.both(lambda words: words | items)
        self.both(lambda words: items | words)

    @rule()
    def clears(self) -> None:
        self.both(lambda words: words.clear())

    @invariant()
    def is_as_the_model(self) -> None:
        for look in (repr, len, list, lambda words: list(reversed(words)), bool):
            self.both(look)
        for name in ("keys", "values", "items"):
            assert repr(getattr(self.face, name)()) == repr(list(getattr(self.model, name)()))
        assert repr(self.face.copy()) == repr(self.model)


Machine.TestCase.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestAnySequenceOfOperations = Machine.TestCase


class HasKeys:
    def keys(self) -> list[str]:
        return ["x", "y"]

    def __getitem__(self, key: str) -> str:
        return key * 2


UPDATES: list[Callable[[Any], Any]] = [
    lambda d: d.update(),
    lambda d: d.update({"a": 2}, b=3),
    lambda d: d.update(self=1, other=2),
    lambda d: d.update([("a", 2), ["b", 3], "cd"]),
    lambda d: d.update(iter([("a", 2)])),
    lambda d: d.update(HasKeys()),
    lambda d: d.update(types.MappingProxyType({"b": 1})),
    lambda d: d.update(collections.OrderedDict(b=1)),
    lambda d: d.update({}, {}),
    lambda d: d.update(5),
    lambda d: d.update(None),
    lambda d: d.update([5]),
    lambda d: d.update([("z", 1), 5]),
    lambda d: d.update([("z", 1), (1, 2, 3)]),
    lambda d: d.update("ab"),
    lambda d: d.update([([], 1)]),
    lambda d: IOR(d, [("b", 2)]) and None,
    lambda d: IOR(d, 5),
    lambda d: d.update(d),
    lambda d: d.fromkeys("xy", 1),
    lambda d: d.fromkeys("xy"),
    lambda d: d.fromkeys(5),
    lambda d: d | collections.OrderedDict(b=2),
    lambda d: collections.OrderedDict(b=2) | d,
]


@pytest.mark.parametrize("number", range(len(UPDATES)))
def test_updates_and_their_errors_are_those_of_the_built_in(words: Dict, number: int) -> None:
    model: dict[Any, Any] = {"a": 1}
    words["a"] = 1
    expected, found = outcome(UPDATES[number], model), outcome(UPDATES[number], words)
    assert found == expected
    assert type(found[1]) is type(expected[1])
    assert words.copy() == model


WRONG_OPERANDS: list[Callable[[Any], Any]] = [
    lambda d: d | [("b", 2)],
    lambda d: [("b", 2)] | d,
    lambda d: d | None,
    lambda d: d[[]],
    lambda d: [] in d,
    lambda d: d.get([]),
    lambda d: operator.setitem(d, {}, 1),
    lambda d: d.pop(([],)),
    lambda d: d.pop(),
    lambda d: d.pop(1, 2, 3),
    lambda d: d.setdefault(set()),
    lambda d: d.get(),
    lambda d: d[Decimal("sNaN")],
]


@pytest.mark.parametrize("number", range(len(WRONG_OPERANDS)))
def test_misuse_raises_the_type_that_the_built_in_raises(words: Dict, number: int) -> None:
    words["a"] = 1
    expected = outcome(WRONG_OPERANDS[number], {"a": 1})
    assert outcome(WRONG_OPERANDS[number], words)[:2] == expected[:2]
    assert expected[0] == "raises"
