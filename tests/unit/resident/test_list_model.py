"""Any sequence of operations on the arena's list does what it does to the built-in, and so does every misuse."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from manor import _native
from tests.unit.resident.arenas import list_of, make_arena, outcome

IADD: Any = operator.iadd
IMUL: Any = operator.imul

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["a", 1.0, (1, "a"), [], [1], {"k": 1}])
)
LISTS = st.lists(VALUES, max_size=5)
INDEXES = st.integers(-7, 7)
PARTS = st.builds(slice, st.none() | INDEXES, st.none() | INDEXES, st.none() | st.sampled_from([-2, -1, 0, 1, 2]))
ITERABLES = LISTS | LISTS.map(tuple) | st.text("ab", max_size=3) | st.sampled_from([None, 5])


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.arena = make_arena()

    @initialize(values=LISTS)
    def start(self, values: list[Any]) -> None:
        self.model, self.face = list(values), list_of(self.arena, values)

    def both(self, action: Callable[[Any], Any]) -> None:
        expected, found = outcome(action, self.model), outcome(action, self.face)
        if found[1] is self.face:
            found = ("returns", self.model)
        assert repr(found[:2]) == repr(expected[:2])

    @rule(value=VALUES)
    def appends(self, value: Any) -> None:
        self.both(lambda items: items.append(value))

    @rule(values=ITERABLES)
    def extends(self, values: Any) -> None:
        self.both(lambda items: items.extend(values))
        self.both(lambda items: IADD(items, values))

    @rule(index=INDEXES, value=VALUES)
    def inserts(self, index: int, value: Any) -> None:
        self.both(lambda items: items.insert(index, value))

    @rule(index=INDEXES)
    def pops(self, index: int) -> None:
        self.both(lambda items: items.pop(index))

    @rule(where=INDEXES | PARTS, value=VALUES)
    def sets(self, where: Any, value: Any) -> None:
        self.both(lambda items: operator.setitem(items, where, value))

    @rule(where=PARTS, values=ITERABLES)
    def sets_slices(self, where: slice, values: Any) -> None:
        self.both(lambda items: operator.setitem(items, where, values))

    @rule(where=PARTS)
    def sets_slices_of_itself(self, where: slice) -> None:
        if len(self.model) < 50:
            self.both(lambda items: operator.setitem(items, where, items))

    @rule(where=INDEXES | PARTS)
    def reads_and_deletes(self, where: Any) -> None:
        self.both(lambda items: items[where])
        self.both(lambda items: operator.delitem(items, where))

    @rule(value=VALUES, between=st.lists(INDEXES, max_size=2))
    def looks_for(self, value: Any, between: list[int]) -> None:
        self.both(lambda items: value in items)
        self.both(lambda items: items.index(value, *between))
        self.both(lambda items: items.count(value))

    @rule(value=VALUES)
    def removes(self, value: Any) -> None:
        self.both(lambda items: items.remove(value))

    @rule(values=ITERABLES, count=st.integers(-1, 2))
    def computes(self, values: Any, count: int) -> None:
        self.both(lambda items: items + values)
        if isinstance(values, list):
            self.both(lambda items: values + items)
        self.both(lambda items: items * count)
        self.both(lambda items: count * items)

    @rule(count=st.integers(-1, 2))
    def multiplies(self, count: int) -> None:
        if len(self.model) < 50:
            self.both(lambda items: IMUL(items, count))

    @rule(reverse=st.booleans(), key=st.sampled_from([None, repr, bool, lambda _: 0]))
    def sorts(self, reverse: bool, key: Any) -> None:
        self.model, before = self.model.copy(), self.model
        try:
            self.model.sort(key=key, reverse=reverse)
        except TypeError:
            self.model = before  # the built-in leaves a list that it cannot sort in some order
            with pytest.raises(TypeError, match="not supported between"):
                self.face.sort(key=key, reverse=reverse)
        else:
            self.face.sort(key=key, reverse=reverse)

    @rule()
    def reverses(self) -> None:
        self.both(lambda items: items.reverse())

    @rule()
    def clears(self) -> None:
        self.both(lambda items: items.clear())

    @invariant()
    def is_as_the_model(self) -> None:
        for look in (repr, len, list, lambda items: list(reversed(items)), bool, lambda items: items.copy()):
            self.both(look)


Machine.TestCase.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestAnySequenceOfOperations = Machine.TestCase


MISUSES: list[Callable[[Any], Any]] = [
    lambda x: x + (1,),  # noqa: RUF005
    lambda x: x + None,
    lambda x: 1 + x,
    lambda x: (1,) + x,  # noqa: RUF005
    lambda x: x * 1.5,
    lambda x: "a" * x,
    lambda x: x["a"],
    lambda x: x[1.0],
    lambda x: x[99],
    lambda x: x.index("missing"),
    lambda x: x.index(1, 2),
    lambda x: x.remove("missing"),
    lambda x: x.pop(99),
    lambda x: operator.delitem(x, 99),
    lambda x: operator.setitem(x, 99, 1),
    lambda x: operator.setitem(x, slice(None, None, 2), [1, 2, 3]),
    lambda x: operator.setitem(x, slice(None, None, 2), 5),
    lambda x: operator.setitem(x, slice(0, 1), 5),
    lambda x: operator.setitem(x, slice(0, 1), None),
    lambda x: operator.setitem(x, slice(None), None),
    lambda x: operator.setitem(x, slice(0, 1, 0), []),
    lambda x: operator.setitem(x, slice("a", 1), []),
    lambda x: operator.delitem(x, slice(0, 1, 0)),
    lambda x: x.extend(5),
    lambda x: IADD(x, 5),
    lambda x: IMUL(x, 1.5),
    lambda x: x.sort(key=5),
]


@pytest.mark.parametrize("number", range(len(MISUSES)))
def test_misuse_raises_what_the_built_in_raises(arena: _native.Arena, number: int) -> None:
    numbers = list_of(arena, [1, 2, 3, 4])
    expected, found = outcome(MISUSES[number], [1, 2, 3, 4]), outcome(MISUSES[number], numbers)
    assert found[:2] == expected[:2]
    assert expected[0] == "raises"
    assert [text.replace("List", "list") for text in map(str, found[2])] == [*map(str, expected[2])]
    assert numbers.copy() == [1, 2, 3, 4]
